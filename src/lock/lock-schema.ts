import { z } from 'zod';
import { Platform } from '../oci/descriptor.ts';
import { absolutePlace, parseDestination } from '../oci/destination.ts';
import { Digest } from '../oci/digest.ts';
import { parseReference } from '../oci/reference.ts';
import type {
  DeletingImage,
  LockedBundle,
  LockedCatalog,
  LockedConfiguration,
  LockedDeletion,
  LockedImage,
  LockedRelease,
} from './lock.ts';
import type { ImageKind } from './wanted-image.ts';

/**
 * What each line of a lock may say. The types are written out in `lock.ts`, since readers get them readonly;
 * every schema is checked against its type. Strict: a lock is written by this program alone, so an unknown
 * field is a mistake of a person.
 */

const IMAGE_KINDS = [
  'release-component',
  'release',
  'graph',
  'related-image',
  'additional',
  'helm',
  'bundle',
  'catalog',
] as const satisfies readonly ImageKind[];

// The host and namespace do not matter to whether a text is a place.
const ANYWHERE = { host: 'localhost', namespace: '' };
const PRINTABLE = /^\P{Cc}+$/u;

const text = z.string().regex(PRINTABLE, 'must be text on one line, not empty');
const gitId = z
  .string()
  .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'must be a Git object id of 40 or 64 hex digits');
const place = z
  .string()
  .refine((value) => absolutePlace(value, ANYWHERE) !== undefined, 'must be a place, PATH:TAG');
// It becomes the name of files, with `cs-` or `cc-` before it.
const resourceName = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$/,
    'must be at most 60 lower-case letters, digits and "-"',
  );
const count = z.int().nonnegative();
const yes = z.literal(true);

export const DestinationText = z
  .string()
  .refine(isDestination, 'must be a destination, HOST[:PORT][/PATH]');
export const SourceLine = z.strictObject({ commit: gitId, branch: text });

const imageLine = {
  destination: place,
  digest: Digest,
  source: text,
  kind: z.enum(IMAGE_KINDS),
  bytes: count,
  platforms: z.array(Platform.strict()).min(1).exactOptional(),
  superseded: yes.exactOptional(),
  data: Digest.exactOptional(),
  base: text.exactOptional(),
};

/** The source of a graph image is where its data come from; every other one is a reference. */
function checkImage(
  line: {
    readonly kind: ImageKind;
    readonly source: string;
    readonly data?: string;
    readonly base?: string;
  },
  context: z.core.$RefinementCtx,
): void {
  if (line.kind === 'graph') return;
  if (line.data !== undefined || line.base !== undefined) {
    context.addIssue({
      code: 'custom',
      message: 'data and base are of images of the kind graph alone',
    });
  }
  try {
    parseReference(line.source);
  } catch {
    context.addIssue({
      code: 'custom',
      path: ['source'],
      message: 'must be an image reference',
    });
  }
}

export const ConfigurationLine: z.ZodType<LockedConfiguration> = z.strictObject({
  path: text,
  blob: gitId,
  incomplete: yes.exactOptional(),
});

export const DeletionLine: z.ZodType<LockedDeletion> = z.strictObject({
  path: text,
  blob: gitId,
  images: count,
  held: z.int().positive().exactOptional(),
});

export const ImageLine: z.ZodType<LockedImage> = z
  .strictObject({ ...imageLine, wantedBy: z.array(text) })
  .superRefine(checkImage);

export const DeletingLine: z.ZodType<DeletingImage> = z
  .strictObject({ ...imageLine, since: gitId, reason: text, held: text.exactOptional() })
  .superRefine(checkImage);

export const CatalogLine: z.ZodType<LockedCatalog> = z.strictObject({
  destination: place,
  name: resourceName,
  source: text,
  sourceDigest: Digest,
  inputs: Digest.exactOptional(),
  without: z.array(text).min(1).exactOptional(),
  template: text.exactOptional(),
});

export const BundleLine: z.ZodType<LockedBundle> = z.strictObject({
  catalog: place,
  package: text,
  bundle: text,
  // Of a catalog that is copied as it is a bundle may lack its version.
  version: z.string(),
  channels: z.array(text),
  images: z.array(place),
  unlisted: yes.exactOptional(),
});

export const ReleaseLine: z.ZodType<LockedRelease> = z.strictObject({
  release: text,
  payload: Digest,
  channels: z.array(text),
  signature: Digest.exactOptional(),
});

function isDestination(value: string): boolean {
  try {
    parseDestination(value);
    return true;
  } catch {
    return false;
  }
}
