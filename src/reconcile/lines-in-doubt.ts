import type { Lock, LockedImage } from '../lock/lock.ts';
import { verifyImages } from '../mirror/presence.ts';
import {
  type Destination,
  type Place,
  absolutePlace,
  formatDestination,
  formatPlace,
} from '../oci/destination.ts';
import { targetOf } from './ends.ts';
import type { PassContext } from './pass-context.ts';
import type { RecentDeletes } from './recent-deletes.ts';

/** Whether a lock has images that came after a delete was announced in their repository, so that a later pass has to look. */
export function hasDoubts(lock: Lock, destination: Destination, recent: RecentDeletes): boolean {
  if (!recent.hasAny) return false;
  return placesOf(lock, destination).some(({ line, place }) =>
    recent.isInDoubt(place, line.digest),
  );
}

export interface Doubts {
  readonly lock: Lock | undefined;
  readonly recent: RecentDeletes;
  /** The places that the image sets name, as `formatPlace` writes them: any other line is an orphan, or becomes one. */
  readonly named: Pick<ReadonlyMap<string, unknown>, 'has'>;
}

/** Destinations of the images in doubt that are not as the lock says. Asks nothing where none is in doubt. */
export async function lostInDoubt(
  { mirror, ends, transfer, log }: PassContext,
  { lock, recent, named }: Doubts,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  if (!recent.hasAny) return new Set();
  const inDoubt = placesOf(lock, mirror.destination).filter(
    ({ line, place }) =>
      recent.isInDoubt(place, line.digest) ||
      (!named.has(formatPlace(place)) && recent.wasAnnounced(place)),
  );
  const asked = inDoubt.map(({ line: { destination, digest, platforms }, place }) => {
    return { id: destination, target: targetOf(ends, place), digest, tag: place.tag, platforms };
  });
  const options = { manifests: ends.manifests, parallelImages: transfer.parallelBlobs };
  const lost = new Set<string>();
  for (const [destination, { kind }] of await verifyImages(asked, options, signal)) {
    // What cannot be looked at now stays in doubt, and the next pass looks again.
    if (kind === 'present' || kind === 'unknown') continue;
    log.warn({ destination, found: kind }, 'a delete took an image of the lock');
    lost.add(destination);
  }
  return lost;
}

function placesOf(
  lock: Lock | undefined,
  destination: Destination,
): { readonly line: LockedImage; readonly place: Place }[] {
  if (lock?.destination !== formatDestination(destination)) return [];
  return lock.images.flatMap((line) => {
    const place = absolutePlace(line.destination, destination);
    return place === undefined ? [] : [{ line, place }];
  });
}
