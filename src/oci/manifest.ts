import { z } from 'zod';
import { ControllerError } from '../base/controller-error.ts';
import { Descriptor } from './descriptor.ts';
import { type Digest, digestOf } from './digest.ts';
import { MEDIA_TYPES, isNondistributable } from './media-types.ts';

/** Manifests, configs and signatures are read whole, up to this many bytes (spec, transfer-engine, 5.1.8). */
export const MANIFEST_LIMIT_BYTES = 4 * 1024 * 1024;

/** A manifest as it travels: its exact bytes, its type, and the digest of the bytes. */
export interface ManifestBytes {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly digest: Digest;
}

/** A manifest, read. `image` is also an artifact: one manifest with a config and layers, of whatever types. */
export type Manifest =
  | {
      readonly kind: 'image';
      readonly config: Descriptor;
      readonly layers: readonly Descriptor[];
      readonly subject?: Descriptor;
      readonly artifactType?: string;
      readonly annotations?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'index';
      readonly manifests: readonly Descriptor[];
      readonly subject?: Descriptor;
      readonly artifactType?: string;
      readonly annotations?: Readonly<Record<string, string>>;
    };

const Shared = {
  mediaType: z.string().optional(),
  subject: Descriptor.optional(),
  artifactType: z.string().optional(),
  annotations: z.record(z.string(), z.string()).optional(),
};
const ImageManifest = z.object({
  ...Shared,
  config: Descriptor,
  layers: z.array(Descriptor).nullish(),
});
const IndexManifest = z.object({ ...Shared, manifests: z.array(Descriptor).nullish() });
const Probe = z.looseObject({
  mediaType: z.string().optional(),
  schemaVersion: z.number().optional(),
  manifests: z.unknown().optional(),
  config: z.unknown().optional(),
  layers: z.unknown().optional(),
});

/**
 * Reads a manifest's bytes. `where` names the image in errors.
 * @throws ControllerError MANIFEST_INVALID (no manifest), MANIFEST_UNSUPPORTED (Docker schema 1).
 */
export function parseManifest(manifest: ManifestBytes, where: string): Manifest {
  const value = parseJson(manifest.bytes, where);
  const type = mediaTypeOf(manifest.mediaType, value);
  switch (type) {
    case MEDIA_TYPES.ociIndex:
    case MEDIA_TYPES.dockerList: {
      const { manifests, ...rest } = parsed(IndexManifest, value, where);
      return { kind: 'index', manifests: manifests ?? [], ...shared(rest) };
    }
    case MEDIA_TYPES.dockerSchema1:
    case MEDIA_TYPES.dockerSchema1Signed:
      throw new ControllerError(
        'MANIFEST_UNSUPPORTED',
        `${where} is a Docker schema 1 image, a format that registries stopped accepting`,
        {
          remedy: 'wait-for-change',
          hint: 'Ask for a rebuilt image, or push it again with a current tool.',
        },
      );
    default: {
      const { config, layers, ...rest } = parsed(ImageManifest, value, where);
      return { kind: 'image', config, layers: layers ?? [], ...shared(rest) };
    }
  }
}

/** Makes a `ManifestBytes` of bytes whose type is told by a header, or by the content where it is not (spec 2.4.4, 5.7.2). */
export function manifestBytes(
  bytes: Uint8Array,
  contentType: string | undefined,
  where: string,
): ManifestBytes {
  const declared = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const known = Object.values<string>(MEDIA_TYPES).includes(declared);
  const mediaType = known ? declared : mediaTypeOf(declared, parseJson(bytes, where));
  return { bytes, mediaType, digest: digestOf(bytes) };
}

/**
 * The blobs that an image needs at its destination: config and layers, each digest once, without foreign
 * layers that have URLs (spec, transfer-engine, 5.8.4 and 5.8.6).
 */
export function blobsOf(manifest: Manifest): Descriptor[] {
  if (manifest.kind === 'index') return [];
  const byDigest = new Map<string, Descriptor>();
  for (const blob of [...manifest.layers, manifest.config]) {
    if (isNondistributable(blob.mediaType) && (blob.urls?.length ?? 0) > 0) continue;
    byDigest.set(blob.digest, blob);
  }
  return [...byDigest.values()];
}

function mediaTypeOf(declared: string, value: unknown): string {
  const probe = Probe.safeParse(value);
  if (!probe.success) return declared;
  if (probe.data.mediaType !== undefined && probe.data.mediaType !== '')
    return probe.data.mediaType;
  if (Object.values<string>(MEDIA_TYPES).includes(declared)) return declared;
  if (Array.isArray(probe.data.manifests)) return MEDIA_TYPES.ociIndex;
  if (probe.data.schemaVersion === 1) return MEDIA_TYPES.dockerSchema1;
  return MEDIA_TYPES.ociManifest;
}

function parseJson(bytes: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'),
    );
  } catch (cause) {
    throw new ControllerError('MANIFEST_INVALID', `${where} has a manifest that is not JSON`, {
      remedy: 'retry-later',
      hint: 'The registry or a proxy before it answered with something else; look at what it serves.',
      cause,
    });
  }
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ControllerError(
    'MANIFEST_INVALID',
    `${where} has a manifest that cannot be read: ${z.prettifyError(result.error)}`,
    { remedy: 'wait-for-change', cause: result.error },
  );
}

function shared(rest: {
  subject?: Descriptor | undefined;
  artifactType?: string | undefined;
  annotations?: Record<string, string> | undefined;
}): { subject?: Descriptor; artifactType?: string; annotations?: Record<string, string> } {
  return {
    ...(rest.subject === undefined ? {} : { subject: rest.subject }),
    ...(rest.artifactType === undefined ? {} : { artifactType: rest.artifactType }),
    ...(rest.annotations === undefined ? {} : { annotations: rest.annotations }),
  };
}
