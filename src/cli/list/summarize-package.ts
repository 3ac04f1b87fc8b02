import { compareText } from '../../base/compare-text.ts';
import type {
  CatalogBundle,
  CatalogChannel,
  CatalogPackage,
} from '../../catalog/catalog-package.ts';
import {
  type BundleVersion,
  compareBundleVersions,
  parseBundleVersion,
} from '../../catalog/validate/bundle-version.ts';
import { findChannelHead } from '../../catalog/validate/channel-head.ts';

/** A package as lists show it. */
export interface PackageSummary {
  readonly name: string;
  /** Of the bundle with the highest version; '' where that has none. */
  readonly displayName: string;
  readonly defaultChannel: string;
  /** Sorted by name. */
  readonly channels: readonly ChannelSummary[];
}

export interface ChannelSummary {
  readonly name: string;
  /** The bundle that no other in the channel replaces; or why there is none. */
  readonly head: { readonly bundle: string } | { readonly problem: string };
  /** Sorted by bundle name, as text: `v0.10.0` before `v0.9.0`. */
  readonly bundles: readonly { readonly name: string; readonly version: string }[];
}

/** What `imageset list operators` tells of a package (spec, operator-catalogs, section 6). */
export function summarizePackage(source: CatalogPackage): PackageSummary {
  const versions = new Map(
    source.bundles.map(({ name, packages }) => [name, packages[0]?.version]),
  );
  return {
    name: source.name,
    displayName: highestOf(source.bundles)?.displayName ?? '',
    defaultChannel: source.definitions[0]?.defaultChannel ?? '',
    channels: source.channels
      .map((channel) => summarizeChannel(channel, versions))
      .sort((one, other) => compareText(one.name, other.name)),
  };
}

function summarizeChannel(
  { name, entries }: CatalogChannel,
  versions: ReadonlyMap<string, string | undefined>,
): ChannelSummary {
  const found = findChannelHead(entries);
  return {
    name,
    head: found.kind === 'head' ? { bundle: found.name } : { problem: found.reason },
    bundles: entries
      .map((entry) => ({ name: entry.name, version: versions.get(entry.name) ?? '' }))
      .sort((one, other) => compareText(one.name, other.name)),
  };
}

function highestOf(bundles: readonly CatalogBundle[]): CatalogBundle | undefined {
  let highest: { readonly bundle: CatalogBundle; readonly version: BundleVersion } | undefined;
  for (const bundle of [...bundles].sort((one, other) => compareText(one.name, other.name))) {
    const version = parseBundleVersion(bundle.packages[0]?.version ?? '');
    if (version === undefined) continue;
    if (highest === undefined || compareBundleVersions(version, highest.version) >= 0) {
      highest = { bundle, version };
    }
  }
  return highest?.bundle;
}
