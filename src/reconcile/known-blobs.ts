import { absolutePlace, parseDestination } from '../oci/destination.ts';
import type { Digest } from '../oci/digest.ts';
import type { PlannedImage } from '../plan/plan.ts';
import { targetOf } from './ends.ts';
import { nameOf, readBlobs } from './known-content.ts';
import type { BranchLock } from './other-mirrors.ts';
import type { PassContext } from './pass-context.ts';

/**
 * Which repositories of a registry hold which blobs, as the locks and a look at the registry say: what their images
 * consist of is remembered, or read from the destination again (design.md, section 5, step 5). So no blob is sent
 * that is there, and none is asked for that is known.
 */
export async function knownBlobs(
  { ends, transfer, mirror }: PassContext,
  locks: readonly BranchLock[],
  present: readonly Pick<PlannedImage, 'digest' | 'platforms' | 'place'>[],
  signal: AbortSignal,
): Promise<(digest: Digest, scope: string) => readonly string[]> {
  const seen = present.map(({ digest, platforms, place }) => ({
    ...{ digest, platforms },
    place: () => place,
  }));
  const locked = locks.flatMap(({ lock }) => {
    if (lock === undefined) return [];
    const destination = parseDestination(lock.destination);
    return lock.images.map(({ destination: relative, digest, platforms }) => ({
      ...{ digest, platforms },
      place: () => absolutePlace(relative, destination),
    }));
  });
  const images = [...locked, ...seen].map((image) => ({
    ...image,
    keep: false,
    reader: () => {
      const place = image.place();
      return place === undefined ? undefined : targetOf(ends, place);
    },
  }));
  const lists = await readBlobs(images, ends, transfer.parallelBlobs, signal);
  const holdersOf = lists.holders(images.map(nameOf));
  const repositories = new Map<Digest, readonly string[]>();

  function repositoriesOf(digest: Digest): readonly string[] {
    const known = repositories.get(digest);
    if (known !== undefined) return known;
    const holders = holdersOf(digest).flatMap((at) => images[at]?.place()?.repository ?? []);
    const distinct = [...new Set(holders)];
    repositories.set(digest, distinct);
    return distinct;
  }

  const { scope } = targetOf(ends, { host: mirror.destination.host, repository: 'a' });
  return (digest, asked) => (asked === scope ? repositoriesOf(digest) : []);
}
