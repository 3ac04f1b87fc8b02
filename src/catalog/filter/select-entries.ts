import type { CatalogChannel } from '../catalog-package.ts';
import type { BundleVersion } from '../validate/bundle-version.ts';
import { readChannelGraph } from './channel-graph.ts';
import { choosePinned } from './choose-pinned.ts';
import { selectRange } from './select-range.ts';
import { type VersionBounds, isPin, readVersionRange } from './version-range.ts';

/** What is wanted of a channel; modes of spec, operator-catalogs, 3.3, step 4. */
export type EntryWish =
  | { readonly kind: 'all' }
  | { readonly kind: 'head' }
  | { readonly kind: 'bundles'; readonly names: ReadonlySet<string> }
  | { readonly kind: 'range'; readonly bounds: VersionBounds };

export type SelectedEntries =
  | {
      readonly kind: 'kept';
      /** All of them are entries of the channel; none: the channel is empty. */
      readonly names: ReadonlySet<string>;
      /** Those of a range that are kept for the sake of the graph. */
      readonly outOfRange: readonly string[];
    }
  | { readonly kind: 'broken'; readonly reason: string };

/** Whether the whole graph has to be sound depends on the mode: all and a pin take what is there. */
export function selectEntries(
  channel: CatalogChannel,
  wish: EntryWish,
  versions: ReadonlyMap<string, BundleVersion>,
): SelectedEntries {
  switch (wish.kind) {
    case 'all':
      // The one thing that taking everything cannot take along: no catalog with it can be served (V3).
      if (channel.entries.length === 0) return { kind: 'broken', reason: 'it has no entries' };
      return keep(channel, new Set(channel.entries.map(({ name }) => name)));
    case 'bundles':
      return selectBundles(channel, wish.names);
    case 'head': {
      const result = readChannelGraph(channel.entries);
      return result.kind === 'broken' ? result : keep(channel, new Set([result.graph.head]));
    }
    case 'range':
      return selectBounds(channel, wish.bounds, versions);
    default:
      return wish satisfies never;
  }
}

function keep(
  { entries }: CatalogChannel,
  wanted: ReadonlySet<string>,
  isInRange: (name: string) => boolean = () => true,
): SelectedEntries {
  // What is wanted may exist in another channel only: then it does not make this one less empty (3.7, Q1).
  const names = new Set(entries.map(({ name }) => name).filter((name) => wanted.has(name)));
  return { kind: 'kept', names, outOfRange: [...names].filter((name) => !isInRange(name)) };
}

function selectBundles(channel: CatalogChannel, wanted: ReadonlySet<string>): SelectedEntries {
  const selected = keep(channel, wanted);
  const entries = channel.entries.filter(({ name }) => wanted.has(name));
  if (entries.length === 0) return selected;
  const result = readChannelGraph(entries);
  return result.kind === 'broken' ? result : selected;
}

function selectBounds(
  channel: CatalogChannel,
  bounds: VersionBounds,
  versions: ReadonlyMap<string, BundleVersion>,
): SelectedEntries {
  if (isPin(bounds)) {
    const pinned = choosePinned(bounds.minVersion ?? '', channel, versions);
    return keep(channel, new Set(pinned === undefined ? [] : [pinned]));
  }
  const result = readChannelGraph(channel.entries);
  if (result.kind === 'broken') return result;
  const range = readVersionRange(bounds);
  const isInRange = (name: string): boolean => {
    const version = versions.get(name);
    return version !== undefined && range.matches(version);
  };
  return keep(channel, selectRange(result.graph, isInRange), isInRange);
}
