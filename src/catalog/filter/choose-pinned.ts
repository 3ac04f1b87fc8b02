import { compareText } from '../../base/compare-text.ts';
import type { CatalogChannel } from '../catalog-package.ts';
import { type BundleVersion, compareBundleVersions } from '../validate/bundle-version.ts';
import { readChannelGraph, replacesChain } from './channel-graph.ts';
import { readLooseVersion } from './version-range.ts';

/** The bundles with the version of a pin; build metadata does not count (spec, operator-catalogs, 3.5). */
export function findPinned(
  pin: string,
  versions: ReadonlyMap<string, BundleVersion>,
): readonly string[] {
  const wanted = readLooseVersion(pin);
  return [...versions]
    .filter(([, version]) => compareBundleVersions(version, wanted) === 0)
    .map(([name]) => name);
}

/**
 * Which of the matches the channel keeps: the one whose version is the very text of the pin, else the one
 * nearest to the head (spec, operator-catalogs, 3.7, E21). Undefined where the channel has none of them.
 */
export function choosePinned(
  pin: string,
  channel: CatalogChannel,
  versions: ReadonlyMap<string, BundleVersion>,
): string | undefined {
  const entries = new Set(channel.entries.map(({ name }) => name));
  const matches = findPinned(pin, versions).filter((name) => entries.has(name));
  const { text } = readLooseVersion(pin);
  const exact = matches.find((name) => versions.get(name)?.text === text);
  return exact ?? nearestToHead(matches, channel);
}

function nearestToHead(names: readonly string[], { entries }: CatalogChannel): string | undefined {
  const result = readChannelGraph(entries);
  const fromHead =
    result.kind === 'broken'
      ? []
      : replacesChain(result.graph).flatMap(({ name, skips }) => [name, ...skips]);
  return fromHead.find((name) => names.includes(name)) ?? [...names].sort(compareText).at(-1);
}
