import type { LockedImage, LockedRelease } from './lock.ts';
import { releaseFinder } from './release-lines.ts';

/**
 * The components among some lines, by the release that they are of. Under `undefined` are those that have no name in
 * their payload: no tag tells whose they are.
 * @param releases all of the lock, since the longer name counts.
 */
export function componentsByRelease<Line extends Pick<LockedImage, 'kind' | 'destination'>>(
  releases: readonly LockedRelease[],
  lines: readonly Line[],
): Map<string | undefined, Line[]> {
  const releaseOf = releaseFinder(releases.map(({ release }) => release));
  return Map.groupBy(
    lines.filter(({ kind }) => kind === 'release-component'),
    releaseOf,
  );
}
