import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ControllerError } from '../../base/controller-error.ts';
import { forEachConcurrently } from '../../base/for-each-concurrently.ts';
import { hasContent, writeContent, writeSmallFile } from '../../built/built-content.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, algorithmOf, hexOf } from '../../oci/digest.ts';
import { blobsOf, parseManifest } from '../../oci/manifest.ts';
import { MEDIA_TYPES } from '../../oci/media-types.ts';
import { verified } from '../../oci/verified.ts';
import { storeFailure } from '../../store/store-failure.ts';
import type { BuiltGraphImage } from './graph-image.ts';

/** Blobs that are copied side by side. */
const PARALLEL_BLOBS = 4;

/**
 * Writes the graph image into an OCI layout directory of its own, in place of one that was there (spec, releases-helm,
 * 4.3): until all of the new one is there, the old one is.
 * @throws ControllerError STORE_UNAVAILABLE, CONTENT_UNSUPPORTED, and what reading the image throws
 */
export async function saveGraphImage(
  { digest, image }: BuiltGraphImage,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const there = new Set<Digest>();

  async function save(manifestDigest: Digest): Promise<Descriptor> {
    const reference = { kind: 'digest', digest: manifestDigest } as const;
    const manifest = await image.readManifest(reference, signal);
    const content = parseManifest(manifest, `${image.name}@${manifestDigest}`);
    if (content.kind === 'index') for (const child of content.manifests) await save(child.digest);
    const blobs = blobsOf(content).filter((blob) => !there.has(blob.digest));
    await forEachConcurrently(blobs, { limit: PARALLEL_BLOBS, signal }, saveBlob);
    const { mediaType, bytes } = manifest;
    const descriptor = { mediaType, digest: manifestDigest, size: bytes.byteLength };
    await keep(descriptor, [bytes], signal);
    return descriptor;
  }

  async function saveBlob(blob: Descriptor, blobSignal: AbortSignal): Promise<void> {
    if (await hasContent(folder, blob)) {
      there.add(blob.digest);
      return;
    }
    await using body = await image.openBlob(blob, blobSignal);
    await keep(blob, verified(body, blob), blobSignal);
  }

  async function keep(
    { digest: expected }: Descriptor,
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    keepSignal: AbortSignal,
  ): Promise<void> {
    const written = await writeContent(folder, content, keepSignal);
    if (written.digest !== expected) throw notSha256(image.name, expected);
    there.add(expected);
  }

  const top = await save(digest);
  const index = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [top] };
  await writeSmallFile(folder, 'oci-layout', '{"imageLayoutVersion":"1.0.0"}', signal);
  await writeSmallFile(folder, 'index.json', JSON.stringify(index), signal);
  await removeOthers(folder, there);
}

/** What the layout had before. */
async function removeOthers(folder: string, there: ReadonlySet<Digest>): Promise<void> {
  const names = new Set([...there].map(hexOf));
  try {
    await rm(join(folder, 'unfinished'), { recursive: true, force: true });
    for (const name of await readdir(join(folder, 'blobs/sha256')))
      if (!names.has(name)) await rm(join(folder, 'blobs/sha256', name), { force: true });
  } catch (error) {
    throw storeFailure(error, `cleaning ${folder}`);
  }
}

function notSha256(name: string, digest: Digest): ControllerError {
  return new ControllerError(
    'CONTENT_UNSUPPORTED',
    `${name} has content by ${algorithmOf(digest)}, which is not written to a layout`,
    { remedy: 'wait-for-change', hint: 'Choose a base image whose digests are of SHA-256.' },
  );
}
