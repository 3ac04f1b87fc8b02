import { absolutePlace, parseDestination } from '../oci/destination.ts';
import type { Digest } from '../oci/digest.ts';
import type { PlannedImage } from '../plan/plan.ts';
import { targetOf } from './ends.ts';
import { readBlobs } from './known-content.ts';
import type { BranchLock } from './other-mirrors.ts';
import type { PassContext } from './pass-context.ts';

/**
 * Which repositories of a registry hold which blobs, as the locks and a look at the registry say: their images' manifests come from the cache,
 * or from the destination where the cache is lost (design.md, section 5, step 5). So no blob is sent that is there,
 * and none is asked for that is known.
 */
export async function knownBlobs(
  { ends, transfer, mirror }: PassContext,
  locks: readonly BranchLock[],
  present: readonly Pick<PlannedImage, 'digest' | 'platforms' | 'place'>[],
  signal: AbortSignal,
): Promise<(digest: Digest, scope: string) => readonly string[]> {
  const seen = present.map(({ digest, platforms, place }) => ({
    ...{ digest, platforms, place },
    reader: () => targetOf(ends, place),
  }));
  const locked = locks.flatMap(({ lock }) => {
    if (lock === undefined) return [];
    const destination = parseDestination(lock.destination);
    return lock.images.flatMap(({ destination: relative, digest, platforms }) => {
      const place = absolutePlace(relative, destination);
      return place === undefined
        ? []
        : [{ digest, platforms, place, reader: () => targetOf(ends, place) }];
    });
  });
  const lines = [...locked, ...seen];
  const blobsOf = await readBlobs(lines, ends.manifests, transfer.parallelBlobs, signal);
  const repositories = new Map<Digest, Set<string>>();
  for (const { digest, platforms, place } of lines) {
    for (const blob of blobsOf(digest, platforms) ?? []) {
      const known = repositories.get(blob.digest) ?? new Set<string>();
      repositories.set(blob.digest, known.add(place.repository));
    }
  }
  const { scope } = targetOf(ends, { host: mirror.destination.host, repository: 'a' });
  return (digest, asked) => (asked === scope ? [...(repositories.get(digest) ?? [])] : []);
}
