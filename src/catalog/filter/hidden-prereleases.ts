import type { CatalogChannel } from '../catalog-package.ts';
import type { BundleVersion } from '../validate/bundle-version.ts';
import { listNames } from '../validate/name-list.ts';
import {
  type VersionBounds,
  formatBounds,
  isPin,
  readVersionRange,
  withPrereleases,
} from './version-range.ts';

/** Pre-releases that only the lack of a pre-release in the bounds leaves out (spec, operator-catalogs, 3.7, Q4). */
export interface HiddenPrereleases {
  /** Names of bundles, in the order of the channels' entries. */
  readonly names: readonly string[];
  /** What to write so that they count. */
  readonly bounds: VersionBounds;
}

export function findHiddenPrereleases(
  bounds: VersionBounds,
  channels: readonly CatalogChannel[],
  versions: ReadonlyMap<string, BundleVersion>,
): HiddenPrereleases | undefined {
  // A pin does not know the rule (3.5).
  if (isPin(bounds)) return undefined;
  const range = readVersionRange(bounds);
  if (range.admitsPrereleases) return undefined;
  const wider = readVersionRange(withPrereleases(bounds));
  const entries = new Set(channels.flatMap((channel) => channel.entries.map(({ name }) => name)));
  const names = [...entries].filter((name) => {
    const version = versions.get(name);
    return version !== undefined && wider.matches(version) && !range.matches(version);
  });
  return names.length === 0 ? undefined : { names, bounds: wider.bounds };
}

/** The advice for people, one sentence or two. */
export function describeHidden({ names, bounds }: HiddenPrereleases): string {
  const verb = names.length === 1 ? 'is a pre-release' : 'are pre-releases';
  return `${listNames(names)} ${verb}, which bounds without one leave out. Write ${formatBounds(bounds)} to take pre-releases too.`;
}
