import { compareText } from '../base/compare-text.ts';
import type { Lock, LockedRelease } from '../lock/lock.ts';
import { releaseFinder } from '../lock/release-lines.ts';
import type { PlannedRelease } from './planned-release.ts';

/**
 * The releases of the next lock. One whose new payload did not arrive keeps the line of the payload that is there; one of
 * which nothing but components arrived has its line all the same, so that a delete file can name it. What nobody wants
 * keeps its line as long as one of its images has one (design.md, section 4).
 */
export function nextReleases(
  planned: readonly PlannedRelease[],
  lock: Lock | undefined,
  { images, deleting }: Pick<Lock, 'images' | 'deleting'>,
): LockedRelease[] {
  if (planned.length === 0 && (lock?.releases ?? []).length === 0) return [];
  const payloads = new Map(
    images.flatMap(({ kind, destination, digest }) =>
      kind === 'release' ? [[destination, digest] as const] : [],
    ),
  );
  const lines = planned.map((release): LockedRelease => {
    const { destination, payload, previous } = release;
    const there = payloads.get(destination);
    const isFormer = there !== payload && there !== undefined && there === previous?.payload;
    return isFormer ? previous : releaseLine(release);
  });
  const isPlanned = new Set(planned.map(({ release }) => release));
  const former = (lock?.releases ?? []).filter(({ release }) => !isPlanned.has(release));
  return releasesWithLines({ images, deleting, releases: [...lines, ...former] }).sort((a, b) =>
    compareText(a.release, b.release),
  );
}

/** The releases of which an image has a line; one that is leaving counts, since its delete may be called off. */
export function releasesWithLines({
  images,
  deleting,
  releases,
}: Pick<Lock, 'images' | 'deleting' | 'releases'>): LockedRelease[] {
  if (releases.length === 0) return [];
  const releaseOf = releaseFinder(releases.map(({ release }) => release));
  const there = new Set<string | undefined>();
  for (const line of images) there.add(releaseOf(line));
  for (const line of deleting) there.add(releaseOf(line));
  return releases.filter(({ release }) => there.has(release));
}

/** The line of a release whose payload is there, or nothing of it. */
export function releaseLine({
  release,
  payload,
  channels,
  signature,
}: PlannedRelease): LockedRelease {
  return { release, payload, channels, ...(signature === undefined ? {} : { signature }) };
}
