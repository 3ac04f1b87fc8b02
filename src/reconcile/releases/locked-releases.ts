import type { Lock, LockedImage, LockedRelease } from '../../lock/lock.ts';
import { componentsByRelease } from '../../lock/release-components.ts';
import type { WantedImage, WantingEntry } from '../../lock/wanted-image.ts';
import type { WantedRelease } from '../../lock/wanted-release.ts';
import {
  type Destination,
  type Place,
  absolutePlace,
  formatDestination,
} from '../../oci/destination.ts';
import type { Digest } from '../../oci/digest.ts';
import type { PlatformRequest } from '../../resolve/releases/release-request.ts';

/** Releases that the lock has just as a file wants them. */
export interface ReleasesAsLocked {
  readonly wanted: readonly WantedImage[];
  readonly releases: readonly WantedRelease[];
}

/**
 * The releases of a file that did not change since it was complete, read from the lock: neither graphs nor payloads
 * are asked for. Undefined where the lock does not tell for every entry.
 */
export function lockedReleases(
  request: PlatformRequest,
  lock: Lock | undefined,
  destination: Destination,
  /** Those that are published and good, by their digest: a release without its signature has to be looked up. */
  signatures: Pick<ReadonlyMap<Digest, unknown>, 'has'>,
): ReleasesAsLocked | undefined {
  if (lock?.destination !== formatDestination(destination)) return undefined;
  const { path } = request.entry.position;
  const mine = lock.images.filter(({ wantedBy }) => wantedBy.includes(path));
  const payloads = mine.filter(({ kind }) => kind === 'release');
  const components = componentsByRelease(lock.releases, mine);
  // Of a component without a name no line says whose it is.
  if (components.has(undefined)) return undefined;
  const found = { wanted: [] as WantedImage[], releases: [] as WantedRelease[] };
  const satisfied = new Set<WantingEntry>();
  for (const line of payloads) {
    const place = absolutePlace(line.destination, destination);
    const release = place && lock.releases.find((one) => isOf(one, place, line));
    if (place === undefined || release === undefined) return undefined;
    const { signature, payload, channels } = release;
    if (signature !== undefined && !signatures.has(signature)) return undefined;
    const entries = entriesOf(request, release);
    for (const entry of entries) satisfied.add(entry);
    const parts = components.get(release.release) ?? [];
    const images = [...parts, line].flatMap((one) => wantedImage(one, destination, entries));
    found.wanted.push(...images);
    found.releases.push({
      ...{ place, release: release.release, payload, channels, entries },
      ...(signature === undefined ? {} : { signature }),
      components: images.slice(0, -1).map((image) => image.place),
    });
  }
  const asking = request.pinned === undefined ? request.channels : [request.pinned];
  return asking.every(({ entry }) => satisfied.has(entry)) ? found : undefined;
}

function isOf({ release, payload }: LockedRelease, place: Place, line: LockedImage): boolean {
  return release === place.tag && payload === line.digest;
}

/** The entries of the file that chose a release, as far as its channels tell. */
function entriesOf(request: PlatformRequest, { channels }: LockedRelease): WantingEntry[] {
  if (request.pinned !== undefined) return [request.pinned.entry];
  const chosen = request.channels.filter(({ name }) => channels.includes(name));
  return chosen.length === 0 ? [request.entry] : chosen.map(({ entry }) => entry);
}

function wantedImage(
  { destination: relative, digest, source, kind, platforms }: LockedImage,
  destination: Destination,
  entries: readonly WantingEntry[],
): WantedImage[] {
  const place = absolutePlace(relative, destination);
  if (place === undefined) return [];
  return [{ place, digest, source, kind, ...(platforms && { platforms }), entries }];
}
