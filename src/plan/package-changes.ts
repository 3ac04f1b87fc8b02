import { compareBuild, parse } from 'semver';
import { compareText } from '../base/compare-text.ts';
import type { LockedBundle } from '../lock/lock.ts';
import type { BundleFault } from '../lock/wanted-catalog.ts';
import type { BundleCounts, ChannelChange, PackageChange } from './catalog-change.ts';
import { bundleKey } from './lost-bundles.ts';
import type { PlannedCatalog } from './planned-catalog.ts';

/** What a bundle is that the published catalog lists and the new one does not. */
export type Leaving = 'gone' | 'superseded';

/** The bundles that come, go and are left out, by package and channel (design.md, section 5, step 4). Pure. */
export function packageChanges(catalog: PlannedCatalog, leaving: Leaving): PackageChange[] {
  const byPackage = (bundles: readonly LockedBundle[]): Map<string, LockedBundle[]> =>
    Map.groupBy(newestFirst(bundles), (bundle) => bundle.package);
  const now = byPackage(catalog.bundles);
  const before = byPackage(catalog.previousBundles);
  const leftOut = Map.groupBy(catalog.without, (fault) => fault.package);
  const entryOf = new Map(catalog.packages.map(({ name, entry }) => [name, entry]));
  const names = new Set([...now.keys(), ...before.keys(), ...leftOut.keys()]);
  return [...names].sort(compareText).flatMap((name): PackageChange[] => {
    const sides = {
      now: now.get(name) ?? [],
      before: before.get(name) ?? [],
      leftOut: leftOut.get(name) ?? [],
    };
    const channels = channelChanges(sides, leaving);
    if (channels.length + sides.leftOut.length === 0) return [];
    const entry = entryOf.get(name);
    return [
      {
        name,
        change: changeOf(sides, channels),
        ...(entry === undefined ? {} : { entry }),
        channels,
        leftOut: sides.leftOut,
      },
    ];
  });
}

/** How many distinct bundles come and go. */
export function countBundles(
  { bundles, previousBundles, without }: PlannedCatalog,
  leaving: Leaving,
): BundleCounts {
  const now = new Set(bundles.map(bundleKey));
  const before = new Set(previousBundles.map(bundleKey));
  const leftOut = new Set(without.map(bundleKey));
  const left = before.difference(now).difference(leftOut).size;
  return {
    total: now.size,
    added: now.difference(before).size,
    gone: leaving === 'gone' ? left : 0,
    superseded: leaving === 'superseded' ? left : 0,
    leftOut: leftOut.size,
  };
}

interface Sides {
  readonly now: readonly LockedBundle[];
  readonly before: readonly LockedBundle[];
  readonly leftOut: readonly BundleFault[];
}

function changeOf(
  { now, before, leftOut }: Sides,
  channels: readonly ChannelChange[],
): PackageChange['change'] {
  if (channels.length === 0) return 'unchanged';
  if (before.length === 0) return 'new';
  return now.length + leftOut.length === 0 ? 'gone' : 'changed';
}

function channelChanges({ now, before, leftOut }: Sides, leaving: Leaving): ChannelChange[] {
  const nowIn = namesByChannel(now);
  const beforeIn = namesByChannel(before);
  const names = new Set([...nowIn.keys(), ...beforeIn.keys()]);
  const isLeftOut = new Set(leftOut.map(({ bundle }) => bundle));
  return [...names].sort(compareText).flatMap((channel): ChannelChange[] => {
    const here = nowIn.get(channel) ?? new Set<string>();
    const was = beforeIn.get(channel) ?? new Set<string>();
    const added = [...here.difference(was)];
    const left = [...was.difference(here)].filter((name) => !isLeftOut.has(name));
    if (added.length + left.length === 0) return [];
    const [gone, superseded] = leaving === 'gone' ? [left, []] : [[], left];
    return [{ channel, added, gone, superseded }];
  });
}

function namesByChannel(bundles: readonly LockedBundle[]): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  for (const { bundle, channels } of bundles) {
    for (const channel of channels) {
      const known = names.get(channel);
      if (known === undefined) names.set(channel, new Set([bundle]));
      else known.add(bundle);
    }
  }
  return names;
}

/** By version; what has none that can be read comes last. */
function newestFirst(bundles: readonly LockedBundle[]): LockedBundle[] {
  return bundles
    .map((bundle) => ({ bundle, version: parse(bundle.version) }))
    .sort((a, b) => {
      if (a.version === null || b.version === null) {
        const known = Number(a.version === null) - Number(b.version === null);
        return known === 0 ? compareText(a.bundle.bundle, b.bundle.bundle) : known;
      }
      return compareBuild(b.version, a.version) || compareText(a.bundle.bundle, b.bundle.bundle);
    })
    .map(({ bundle }) => bundle);
}
