import { ControllerError } from '../base/controller-error.ts';
import { forEachConcurrently } from '../base/for-each-concurrently.ts';
import { type ManifestReader, readImageTree } from '../mirror/image-tree.ts';
import { type Platform, formatPlatform } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { blobsOf } from '../oci/manifest.ts';
import type { BlobLists, ListedBlob } from '../store/blob-lists.ts';
import type { ManifestCache } from '../store/manifest-cache.ts';
import type { Ends } from './ends.ts';

/** An image whose blobs are to be known. */
export interface AskedImage {
  readonly digest: Digest;
  readonly platforms: readonly Platform[] | undefined;
  /** Who can say if nothing is remembered; undefined where nobody can. */
  readonly reader: () => ManifestReader | undefined;
  /** Whether its manifests are kept, since it is copied or deleted next; of all others their lists of blobs do. */
  readonly keep: boolean;
}

/** The blobs of images, as far as their manifests could be read. */
export type BlobsOf = (
  digest: Digest,
  platforms: readonly Platform[] | undefined,
) => readonly ListedBlob[] | undefined;

/**
 * The distinct blobs of images: as lists on disk have them, else as their manifests say, from the cache or their
 * reader. An image that cannot be read is left out: who needs it will find out why.
 */
export async function readBlobs(
  images: readonly AskedImage[],
  ends: Pick<Ends, 'manifests' | 'openBlobLists'>,
  parallel: number,
  signal: AbortSignal,
): Promise<BlobLists> {
  const lists = await ends.openBlobLists();
  const unknown = new Map(
    images.map((image) => [nameOf(image), image] as const).filter(([name]) => !lists.has(name)),
  );
  if (unknown.size === 0) return lists;
  const { manifests } = ends;
  const passing: Pick<ManifestCache, 'read'> = {
    read: async (digest, load, loadSignal) => (await manifests.get(digest)) ?? load(loadSignal),
  };
  await forEachConcurrently(unknown, { limit: parallel, signal }, async ([name, image]) => {
    const reader = image.reader();
    if (reader === undefined) return;
    try {
      const options = { platforms: image.platforms, read: 'everything' } as const;
      const cache = image.keep ? manifests : passing;
      const tree = await readImageTree(reader, image.digest, options, cache, signal);
      const blobs = tree.nodes.flatMap(({ content }) => blobsOf(content));
      lists.set(name, [...new Map(blobs.map((blob) => [blob.digest, blob])).values()]);
    } catch (error) {
      if (!(error instanceof ControllerError) || signal.aborted) throw error;
    }
  });
  await lists.save();
  return lists;
}

/** The bytes of distinct blobs. */
export function sizeOf(blobs: readonly ListedBlob[]): number {
  return blobs.reduce((sum, { size }) => sum + size, 0);
}

/** What lists of blobs call an image: of an index, the chosen instances. */
export function nameOf({
  digest,
  platforms = [],
}: {
  readonly digest: Digest;
  readonly platforms?: readonly Platform[] | undefined;
}): string {
  return [digest, ...platforms.map(formatPlatform)].join(' ');
}
