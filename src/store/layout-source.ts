import { ControllerError } from '../base/controller-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, algorithmOf, digestOf, digestTag, hexOf } from '../oci/digest.ts';
import type { BlobBody, ImageSource, ManifestReference } from '../oci/ends.ts';
import {
  MANIFEST_LIMIT_BYTES,
  type ManifestBytes,
  manifestBytes,
  parseManifest,
} from '../oci/manifest.ts';
import { MANIFEST_ACCEPT, MEDIA_TYPES } from '../oci/media-types.ts';
import { openInside, readInside } from './layout-files.ts';
import { isMissing, storeFailure, storeInvalid } from './store-failure.ts';

const NAME = 'org.opencontainers.image.ref.name';
/** The tags that cosign gives to what belongs to an image, in layouts too. */
const COSIGN_TAG = /^sha(?:256|384|512)-[0-9a-f]+\.(?:att|sbom|sig)$/;
/** Entries of an index.json that are looked at for a subject. */
const MOST_ENTRIES = 1000;

/**
 * An OCI layout directory (OCI image-spec, image-layout.md) to read from. It has no tags of its own: any tag
 * means its one image; one that an entry has as its name means that entry. Reads nothing by itself; what
 * changes in the directory counts at the next call.
 */
export function openLayoutSource(directory: string): ImageSource {
  const name = `oci://${directory}`;

  async function entries(signal: AbortSignal): Promise<readonly Descriptor[]> {
    await readOrThrow(
      directory,
      'oci-layout',
      `${directory} is no OCI layout: it has no file oci-layout`,
      signal,
    );
    const missing = `${directory} is no OCI layout: it has no file index.json`;
    const bytes = await readOrThrow(directory, 'index.json', missing, signal);
    const where = `${directory}/index.json`;
    const index = parseManifest(manifestBytes(bytes, MEDIA_TYPES.ociIndex, where), where);
    return index.kind === 'index' ? index.manifests : [];
  }

  async function readByDigest(
    digest: Digest,
    mediaType: string | undefined,
    signal: AbortSignal,
  ): Promise<ManifestBytes> {
    const file = blobFile(digest);
    const bytes = await readInside(directory, file, MANIFEST_LIMIT_BYTES, signal).catch(
      (error: unknown) => {
        throw isMissing(error)
          ? notFound(`${name} has no manifest ${digest}`)
          : storeFailure(error, `reading ${directory}/${file}`);
      },
    );
    const actual = digestOf(bytes, algorithmOf(digest));
    if (actual === digest)
      return { ...manifestBytes(bytes, mediaType, `${name}@${digest}`), digest };
    throw new ControllerError(
      'DIGEST_MISMATCH',
      `${directory}/${file} has other content, whose digest is ${actual}`,
      { remedy: 'wait-for-change', hint: 'Write the layout again: its files were changed.' },
    );
  }

  async function findEntry(
    reference: ManifestReference,
    signal: AbortSignal,
  ): Promise<{ readonly digest: Digest; readonly mediaType: string | undefined }> {
    const all = await entries(signal);
    if (reference.kind === 'tag') return chooseByTag(name, all, reference.tag);
    const mediaType = all.find(({ digest }) => digest === reference.digest)?.mediaType;
    return { digest: reference.digest, mediaType };
  }

  return {
    name,
    async readManifest(reference, signal) {
      const { digest, mediaType } = await findEntry(reference, signal);
      return await readByDigest(digest, mediaType, signal);
    },
    async openBlob(blob, signal): Promise<BlobBody> {
      const file = blobFile(blob.digest);
      try {
        return await openInside(directory, file, signal);
      } catch (error) {
        throw isMissing(error)
          ? notFound(`${name} has no blob ${blob.digest}`)
          : storeFailure(error, `reading ${directory}/${file}`);
      }
    },
    async findAttachments(digest, signal) {
      const all = (await entries(signal)).slice(0, MOST_ENTRIES);
      const tags = all
        .map((entry) => entry.annotations?.[NAME] ?? '')
        .filter((tag) => COSIGN_TAG.test(tag) && tag.startsWith(`${digestTag(digest)}.`));
      const referrers: Descriptor[] = [];
      for (const entry of all) {
        if (entry.digest === digest || !isManifestType(entry.mediaType)) continue;
        const manifest = await readByDigest(entry.digest, entry.mediaType, signal);
        const { subject } = parseManifest(manifest, `${name}@${entry.digest}`);
        if (subject?.digest === digest) referrers.push(entry);
      }
      return { tags: [...new Set(tags)].sort(), referrers };
    },
  };
}

function chooseByTag(name: string, all: readonly Descriptor[], tag: string): Descriptor {
  const named = distinct(all.filter((entry) => entry.annotations?.[NAME] === tag));
  if (named[0] !== undefined && named.length === 1) return named[0];
  if (COSIGN_TAG.test(tag)) throw notFound(`${name} has no entry named ${tag}`);
  // As the reference tool, also where two entries are one image (spec, operator-catalogs, 2.3): a digest settles it.
  const images = all.filter((entry) => !isAttachment(entry));
  if (images[0] === undefined) throw notFound(`${name} has no image in its index.json`);
  if (images.length === 1) return images[0];
  const listed = images
    .slice(0, 20)
    .map((entry) => `${entry.digest} ${entry.annotations?.[NAME] ?? ''}`.trim())
    .join(', ');
  throw new ControllerError(
    'REFERENCE_INVALID',
    `${name} has ${images.length} images, and no digest says which one is meant: ${listed}`,
    { remedy: 'wait-for-change', hint: `Add the digest: ${name}@sha256:….` },
  );
}

function isAttachment({ annotations, artifactType }: Descriptor): boolean {
  return artifactType !== undefined || COSIGN_TAG.test(annotations?.[NAME] ?? '');
}

function isManifestType(mediaType: string): boolean {
  return MANIFEST_ACCEPT.includes(mediaType);
}

function distinct(entries: readonly Descriptor[]): Descriptor[] {
  return [...new Map(entries.map((entry) => [entry.digest, entry])).values()];
}

/** Of two parts that a checked digest has: no path leaves the layout. */
function blobFile(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`;
}

async function readOrThrow(
  directory: string,
  file: string,
  missing: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  try {
    return await readInside(directory, file, MANIFEST_LIMIT_BYTES, signal);
  } catch (error) {
    if (!isMissing(error)) throw storeFailure(error, `reading ${directory}/${file}`);
    throw storeInvalid(missing, 'Name the directory that holds oci-layout, index.json and blobs.');
  }
}

function notFound(message: string): ControllerError {
  return new ControllerError('REGISTRY_NOT_FOUND', message, {
    remedy: 'wait-for-change',
    hint: 'Write the layout again, with all platforms (skopeo copy --all).',
  });
}
