import type { SemVer } from 'semver';
import type { Channel, Release } from './channel.ts';
import { compareReleases } from './release-version.ts';

/** Most versions in a message. */
const MOST = 10;

/** What a channel has: all of it, or its ends and what lies nearest to a version, nearest first. */
export function describeChannel({ name, releases }: Channel, near?: SemVer): string {
  if (releases.length <= MOST) return `${name} has ${listOf(releases)}`;
  const ends = `${name} has ${versionOf(releases[0])} … ${versionOf(releases.at(-1))} (${releases.length} releases)`;
  return near === undefined
    ? ends
    : `${ends}, nearest to ${near.version}: ${listOf(nearest(releases, near))}`;
}

/** Versions, not too many. */
export function listOf(releases: readonly Release[]): string {
  if (releases.length === 0) return 'nothing';
  const shown = releases.slice(0, MOST).map(versionOf);
  const more = releases.length - shown.length;
  return more === 0 ? shown.join(', ') : `${shown.join(', ')} and ${more} more`;
}

function versionOf(release: Release | undefined): string {
  return release?.node.version ?? '';
}

function nearest(releases: readonly Release[], near: SemVer): Release[] {
  const above = releases.findIndex(({ version }) => compareReleases(version, near) >= 0);
  const middle = above === -1 ? releases.length : above;
  const found: Release[] = [];
  for (let distance = 0; found.length < MOST && distance < releases.length; distance += 1) {
    for (const release of [releases[middle + distance], releases[middle - 1 - distance]])
      if (release !== undefined && found.length < MOST) found.push(release);
  }
  return found;
}
