import { ControllerError } from '../base/controller-error.ts';
import { forEachConcurrently } from '../base/for-each-concurrently.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageTarget } from '../oci/ends.ts';
import { MEDIA_TYPES } from '../oci/media-types.ts';
import type { ManifestCache } from '../store/manifest-cache.ts';
import { readImageTree } from './image-tree.ts';

/** Asks one repository what its tags name, and what the indexes among that hold. */
export interface RepositoryReader {
  readonly target: ImageTarget;
  readonly manifests: ManifestCache;
  /** Requests at once. */
  readonly parallelRequests: number;
}

/**
 * What every tag names, those given included. A tag that names nothing is left out; one that we may not read is
 * `unreadable`.
 * @throws ControllerError when the registry cannot answer now.
 */
export async function readTags(
  { target, parallelRequests }: RepositoryReader,
  tags: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, Digest | 'unreadable'>> {
  const all = new Set([...(await target.listTags(signal)), ...tags]);
  const digests = new Map<string, Digest | 'unreadable'>();
  await forEachConcurrently(all, { limit: parallelRequests, signal }, async (tag, one) => {
    const digest = await readable(() => target.findManifest({ kind: 'tag', tag }, one), one);
    if (digest !== undefined) digests.set(tag, digest);
  });
  return digests;
}

/**
 * Everything in the indexes that tags name, nested ones included. A tag whose manifest we cannot read is made
 * `unreadable`: it may be an index.
 * @throws ControllerError when the registry cannot answer now.
 */
export async function readContents(
  { target, manifests, parallelRequests }: RepositoryReader,
  tags: Map<string, Digest | 'unreadable'>,
  signal: AbortSignal,
): Promise<Map<Digest, readonly Digest[]>> {
  const contents = new Map<Digest, readonly Digest[]>();
  const unreadable = new Set<Digest>();
  const digests = new Set<Digest>();
  for (const digest of tags.values()) if (digest !== 'unreadable') digests.add(digest);
  await forEachConcurrently(digests, { limit: parallelRequests, signal }, async (digest, one) => {
    const children = await readable(() => childrenOf(target, digest, manifests, one), one);
    if (children === 'unreadable') unreadable.add(digest);
    else if (children.length > 0) contents.set(digest, children);
  });
  for (const [tag, digest] of tags) {
    if (digest !== 'unreadable' && unreadable.has(digest)) tags.set(tag, 'unreadable');
  }
  return contents;
}

/** Whether the registry deletes tags alone, asked with one that is not there. @throws ControllerError */
export async function canDeleteTags(
  target: ImageTarget,
  tags: ReadonlyMap<string, unknown>,
  signal: AbortSignal,
): Promise<boolean> {
  let probe = 'imageset-probe-of-tag-deletes';
  while (tags.has(probe)) probe += '-';
  try {
    await target.deleteTag(probe, signal);
    return true;
  } catch (error) {
    if (error instanceof ControllerError && error.code === 'REGISTRY_DELETE_UNSUPPORTED')
      return false;
    throw error;
  }
}

async function childrenOf(
  target: ImageTarget,
  digest: Digest,
  manifests: ManifestCache,
  signal: AbortSignal,
): Promise<readonly Digest[]> {
  const manifest = await manifests.read(
    digest,
    (one) => target.readManifest({ kind: 'digest', digest }, one),
    signal,
  );
  const isIndex =
    manifest.mediaType === MEDIA_TYPES.ociIndex || manifest.mediaType === MEDIA_TYPES.dockerList;
  if (!isIndex) return [];
  const read = { read: 'indexes' } as const;
  const { nodes, instances } = await readImageTree(target, digest, read, manifests, signal);
  return [...instances, ...nodes.slice(0, -1).map((node) => node.manifest.digest)];
}

/** What will never be answered is `unreadable`; what may be answered later is thrown. */
async function readable<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T | 'unreadable'> {
  try {
    return await ask();
  } catch (error) {
    if (signal.aborted || !(error instanceof ControllerError)) throw error;
    if (error.remedy === 'retry-later') throw error;
    return 'unreadable';
  }
}
