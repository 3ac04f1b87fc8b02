import type { FieldProblem } from '../../base/field-problem.ts';
import { listNames } from '../../catalog/validate/name-list.ts';
import type { ImageSetDocument } from '../../imageset/image-set-document.ts';
import type { DeletingImage, Lock, LockedImage, LockedRelease } from '../../lock/lock.ts';
import { releaseFinder } from '../../lock/release-lines.ts';
import { compareReleaseNames } from '../../lock/release-name.ts';
import type { ImageKind, WantingEntry } from '../../lock/wanted-image.ts';
import {
  type Destination,
  type Place,
  absolutePlace,
  formatPlace,
  relativePlace,
} from '../../oci/destination.ts';
import { placeGraphImage } from '../../release/release-places.ts';
import { isInRange, isOfArchitecture, isPayload } from './match-release.ts';
import type { PlatformRequest, RequestedChannel } from './release-request.ts';
import { platformRequests } from './release-requests.ts';

/** A place of a release that an entry of a delete file names. */
export interface ChosenPlace {
  readonly place: Place;
  /** What the lock says that the image there was pulled by. */
  readonly source: string;
  readonly entry: WantingEntry;
  readonly kind: ImageKind;
}

export interface ChosenReleases {
  readonly places: readonly ChosenPlace[];
  /** Entries that choose nothing: more often a typing error than a wish for nothing. */
  readonly warnings: readonly FieldProblem[];
}

type ReleasesOfLock = Pick<Lock, 'releases' | 'images' | 'deleting'>;

/**
 * What the `platform` of a DeleteImageSetConfiguration names (design.md, section 5, "Deletes"): releases are chosen among
 * those of the lock, so that what the update service forgot can still be deleted. A channel without versions means all that
 * it chose, a range the versions in it. Nobody is asked.
 * @param lock one of this destination.
 */
export function chooseReleasesForDelete(
  document: ImageSetDocument,
  lock: ReleasesOfLock,
  destination: Destination,
): ChosenReleases {
  const chosen: Chosen = { releases: [], places: [], warnings: [] };
  for (const request of platformRequests([document])) {
    if (request.pinned === undefined) {
      for (const channel of request.channels) chooseOfChannel(request, channel, lock, chosen);
    } else choosePinned(request.pinned, lock, chosen);
    if (request.graph !== undefined) chooseGraph(request.graph, lock, destination, chosen);
  }
  return {
    places: [...placesOf(chosen.releases, lock, destination), ...chosen.places],
    warnings: chosen.warnings,
  };
}

interface Chosen {
  readonly releases: { readonly line: LockedRelease; readonly entry: WantingEntry }[];
  readonly places: ChosenPlace[];
  readonly warnings: FieldProblem[];
}

function chooseOfChannel(
  { architectures }: PlatformRequest,
  channel: RequestedChannel,
  { releases }: ReleasesOfLock,
  chosen: Chosen,
): void {
  const { name, type, entry } = channel;
  const warn = (message: string, hint: string): void => {
    chosen.warnings.push({ ...entry, message, hint });
  };
  if (channel.shortestPath) {
    const message = `shortestPath chooses nothing to delete, since no path can be looked up in what is mirrored`;
    warn(
      message,
      'Write minVersion and maxVersion of what is to be deleted, without shortestPath.',
    );
    return;
  }
  const ofChannel = releases.filter(({ channels }) => channels.includes(name));
  if (ofChannel.length === 0) {
    const known = new Set(releases.flatMap(({ channels }) => channels));
    const hint =
      known.size === 0 ? 'It has no releases of channels.' : `It has ${listNames(known)}.`;
    warn(`the lock has no release of channel "${name}"`, hint);
    return;
  }
  const there = ofChannel.filter((line) => isOfArchitecture(line, type, architectures));
  if (there.length === 0) {
    const kind = type === 'okd' ? 'of OKD' : `for ${architectures.join(', ')}`;
    warn(`the lock has no release of channel "${name}" ${kind}`, thereAre(ofChannel));
    return;
  }
  const inRange = there.filter((line) => isInRange(line, channel));
  chosen.releases.push(...inRange.map((line) => ({ line, entry })));
  if (inRange.length > 0) return;
  const range = formatRange(channel);
  warn(`the lock has no release of channel "${name}" ${range}`, thereAre(there));
}

function choosePinned(
  { name, entry }: NonNullable<PlatformRequest['pinned']>,
  { releases }: ReleasesOfLock,
  chosen: Chosen,
): void {
  const found = releases.filter((line) => isPayload(line, name));
  chosen.releases.push(...found.map((line) => ({ line, entry })));
  if (found.length > 0) return;
  chosen.warnings.push({
    ...entry,
    message: `the lock has no release ${name}`,
    hint: thereAre(releases),
  });
}

function chooseGraph(
  entry: WantingEntry,
  { images, deleting }: ReleasesOfLock,
  destination: Destination,
  chosen: Chosen,
): void {
  const place = placeGraphImage(destination);
  const at = relativePlace(place, destination);
  const line = [...images, ...deleting].find((one) => one.destination === at);
  // One without a line is looked for at its place; what it was built from nobody knows then.
  chosen.places.push({ place, source: line?.source ?? formatPlace(place), entry, kind: 'graph' });
  if (line !== undefined) return;
  chosen.warnings.push({
    ...entry,
    message: 'the lock has no graph image',
    hint: 'What is at its place all the same is deleted too.',
  });
}

/** The places of releases: of their payloads and components, also of those that are leaving already. */
function placesOf(
  chosen: Chosen['releases'],
  { releases, images, deleting }: ReleasesOfLock,
  destination: Destination,
): ChosenPlace[] {
  if (chosen.length === 0) return [];
  const releaseOf = releaseFinder(releases.map(({ release }) => release));
  const linesOf = new Map<string, Map<string, LockedImage | DeletingImage>>();
  for (const line of [...deleting, ...images]) {
    const release = releaseOf(line);
    if (release === undefined) continue;
    const lines = linesOf.get(release) ?? new Map<string, LockedImage | DeletingImage>();
    linesOf.set(release, lines);
    // Where a place has two names, the one that nobody wants any more is meant.
    const isOrphan = 'wantedBy' in line && line.wantedBy.length === 0;
    if (isOrphan || !lines.has(line.destination)) lines.set(line.destination, line);
  }
  return chosen.flatMap(({ line: { release }, entry }) =>
    [...(linesOf.get(release)?.values() ?? [])].flatMap(({ destination: at, source, kind }) => {
      const place = absolutePlace(at, destination);
      return place === undefined ? [] : [{ place, source, entry, kind }];
    }),
  );
}

function formatRange({ minVersion, maxVersion }: RequestedChannel): string {
  if (minVersion === undefined) return `up to ${maxVersion ?? ''}`;
  return maxVersion === undefined ? `from ${minVersion} on` : `from ${minVersion} to ${maxVersion}`;
}

/** Names on one line; of more the first and the last. */
const SHOWN_RELEASES = 6;

function thereAre(releases: readonly LockedRelease[]): string {
  const names = releases.map(({ release }) => release).sort(compareReleaseNames);
  if (names.length === 0) return 'It has no releases.';
  if (names.length <= SHOWN_RELEASES) return `It has ${names.join(', ')}.`;
  return `It has ${names[0] ?? ''} … ${names.at(-1) ?? ''} (${names.length} releases).`;
}
