import type { EntryFailure } from '../../lock/entry-failure.ts';
import type { Lock } from '../../lock/lock.ts';
import type { ImageKind, WantingEntry } from '../../lock/wanted-image.ts';
import {
  type Destination,
  absolutePlace,
  formatDestination,
  formatPlace,
} from '../../oci/destination.ts';

/** Of what `platform` of an image set asks for. */
export const RELEASE_KINDS: ReadonlySet<ImageKind> = new Set([
  'release',
  'release-component',
  'graph',
]);

/**
 * The places, as `formatPlace` writes them, that image sets may want of releases although that could not be found out: all
 * that the lock has for a file of which an entry fails. Nothing of it is deleted as long as it does.
 */
export function unresolvedReleases(
  failures: readonly EntryFailure[],
  lock: Lock | undefined,
  destination: Destination,
): ReadonlyMap<string, WantingEntry> {
  const named = new Map<string, WantingEntry>();
  if (lock?.destination !== formatDestination(destination)) return named;
  const failing = new Map(
    failures.flatMap(({ entries }) =>
      entries.map((entry) => [entry.position.path, entry] as const),
    ),
  );
  if (failing.size === 0) return named;
  for (const line of lock.images) {
    if (!RELEASE_KINDS.has(line.kind)) continue;
    const entry = line.wantedBy.flatMap((path) => failing.get(path) ?? [])[0];
    const place = absolutePlace(line.destination, destination);
    if (entry !== undefined && place !== undefined) named.set(formatPlace(place), entry);
  }
  return named;
}
