import type { CatalogChannel, CatalogPackage } from '../catalog-package.ts';
import type { FilteredCatalog } from '../catalog-selection.ts';
import { keepInPackage } from './keep-in-package.ts';

/** A bundle of a catalog: names are unique in a package only. */
export interface NamedBundle {
  readonly package: string;
  readonly bundle: string;
}

/** What went, for people. */
export type Removal =
  | { readonly kind: 'bundle'; readonly package: string; readonly bundle: string }
  | { readonly kind: 'channel'; readonly package: string; readonly channel: string }
  | { readonly kind: 'package'; readonly package: string };

export interface ReducedCatalog extends FilteredCatalog {
  /** In the order of the packages: first the bundles of a package, then its channels, then itself. */
  readonly removed: readonly Removal[];
  /** The packages of the result that lost something. */
  readonly changed: ReadonlySet<string>;
}

/**
 * The catalog without incomplete bundles (design: an incomplete bundle leaves its channels; a channel or package
 * that this empties goes; deprecations of what is gone too). What is left of the packages in `changed` may be
 * invalid, by a default channel that is gone or a chain that is broken: it has to be validated again.
 * A package that loses nothing stays the same object.
 */
export function leaveOut(
  filtered: FilteredCatalog,
  incomplete: Iterable<NamedBundle>,
): ReducedCatalog {
  const namesByPackage = Map.groupBy(incomplete, (one) => one.package);
  const packages: CatalogPackage[] = [];
  const removed: Removal[] = [];
  const changed = new Set<string>();
  for (const source of filtered.packages) {
    const names = new Set(namesByPackage.get(source.name)?.map(({ bundle }) => bundle));
    const gone = source.bundles.map(({ name }) => name).filter((name) => names.has(name));
    if (gone.length === 0) {
      packages.push(source);
      continue;
    }
    const result = withoutBundles(source, new Set(gone));
    removed.push(...describeRemovals(source, result));
    if (result.channels.length === 0) continue;
    packages.push(result);
    changed.add(source.name);
  }
  return { ...filtered, packages, removed, changed };
}

function withoutBundles(source: CatalogPackage, gone: ReadonlySet<string>): CatalogPackage {
  const kept = new Map<CatalogChannel, ReadonlySet<string>>();
  for (const channel of source.channels) {
    const names = channel.entries.map(({ name }) => name).filter((name) => !gone.has(name));
    kept.set(channel, new Set(names));
  }
  return keepInPackage(source, kept);
}

function describeRemovals(source: CatalogPackage, result: CatalogPackage): readonly Removal[] {
  const bundles = new Set(result.bundles.map(({ name }) => name));
  const channels = new Set(result.channels.map(({ name }) => name));
  const removals: Removal[] = [];
  for (const { name } of source.bundles) {
    if (!bundles.has(name)) removals.push({ kind: 'bundle', package: source.name, bundle: name });
  }
  for (const { name } of source.channels) {
    if (!channels.has(name))
      removals.push({ kind: 'channel', package: source.name, channel: name });
  }
  if (channels.size === 0) removals.push({ kind: 'package', package: source.name });
  return removals;
}
