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
const RELEASE_KINDS: ReadonlySet<ImageKind> = new Set(['release', 'release-component', 'graph']);

/**
 * The places, as `formatPlace` writes them, that image sets may want of releases although that could not be found out.
 * What an entry that fails would choose nobody knows: it may be any release that the lock has, an orphan too. Nothing of
 * them is deleted as long as it fails.
 */
export function unresolvedReleases(
  failures: readonly EntryFailure[],
  lock: Lock | undefined,
  destination: Destination,
): ReadonlyMap<string, WantingEntry> {
  const named = new Map<string, WantingEntry>();
  const [entry] = failures.flatMap(({ entries }) => entries);
  if (entry === undefined || lock?.destination !== formatDestination(destination)) return named;
  for (const line of lock.images) {
    const place = absolutePlace(line.destination, destination);
    if (RELEASE_KINDS.has(line.kind) && place !== undefined) named.set(formatPlace(place), entry);
  }
  return named;
}
