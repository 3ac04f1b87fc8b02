import { ControllerError } from '../base/controller-error.ts';
import { forEachConcurrently } from '../base/for-each-concurrently.ts';
import { readImageTree } from '../mirror/image-tree.ts';
import { type Descriptor, type Platform, formatPlatform } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageSource } from '../oci/ends.ts';
import { blobsOf } from '../oci/manifest.ts';
import type { ManifestCache } from '../store/manifest-cache.ts';

/** An image whose blobs are to be known, and who can say if the cache cannot. */
export interface AskedImage {
  readonly digest: Digest;
  readonly platforms: readonly Platform[] | undefined;
  readonly reader: () => Pick<ImageSource, 'name' | 'readManifest'>;
}

/** The blobs of images, as far as their manifests could be read. */
export type BlobsOf = (
  digest: Digest,
  platforms: readonly Platform[] | undefined,
) => readonly Descriptor[] | undefined;

/**
 * Reads the manifests of images, from the cache or their reader, and lists their distinct blobs. An image that
 * cannot be read is left out: who needs it will find out why.
 */
export async function readBlobs(
  images: readonly AskedImage[],
  manifests: ManifestCache,
  parallel: number,
  signal: AbortSignal,
): Promise<BlobsOf> {
  const blobs = new Map<string, readonly Descriptor[]>();
  const asked = new Map(images.map((image) => [keyOf(image.digest, image.platforms), image]));
  await forEachConcurrently(asked, { limit: parallel, signal }, async ([key, image]) => {
    try {
      const options = { platforms: image.platforms, read: 'everything' } as const;
      const tree = await readImageTree(image.reader(), image.digest, options, manifests, signal);
      const distinct = new Map(
        tree.nodes.flatMap(({ content }) => blobsOf(content)).map((blob) => [blob.digest, blob]),
      );
      blobs.set(key, [...distinct.values()]);
    } catch (error) {
      if (!(error instanceof ControllerError) || signal.aborted) throw error;
    }
  });
  return (digest, platforms) => blobs.get(keyOf(digest, platforms));
}

/** The bytes of distinct blobs. */
export function sizeOf(blobs: readonly Descriptor[]): number {
  return blobs.reduce((sum, { size }) => sum + size, 0);
}

function keyOf(digest: Digest, platforms: readonly Platform[] | undefined): string {
  return `${digest} ${(platforms ?? []).map(formatPlatform).join(' ')}`;
}
