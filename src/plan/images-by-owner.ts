import type { ImageKind } from '../lock/wanted-image.ts';

type Owner = 'releases' | 'catalogs';

/** In the order in which they are told, with whose they are and how one and several of them are called. */
const KINDS: readonly (readonly [kind: ImageKind, owner: Owner, one: string, several: string])[] = [
  ['release', 'releases', 'payload', 'payloads'],
  ['release-component', 'releases', 'component', 'components'],
  ['catalog', 'catalogs', 'catalog', 'catalogs'],
  ['bundle', 'catalogs', 'bundle', 'bundles'],
  ['related-image', 'catalogs', 'related image', 'related images'],
];

/** Images that an image set names, the graph image among them, and images that belong to releases and operator catalogs. */
export function split<Item>(
  items: readonly Item[],
  kindOf: (item: Item) => ImageKind,
): {
  readonly own: readonly Item[];
  readonly ofReleases: readonly Item[];
  readonly ofCatalogs: readonly Item[];
} {
  const owners = new Map(KINDS.map(([kind, owner]) => [kind, owner]));
  const groups = Object.groupBy(items, (item) => owners.get(kindOf(item)) ?? 'own');
  const { own = [], releases = [], catalogs = [] } = groups;
  return { own, ofReleases: releases, ofCatalogs: catalogs };
}

/** How many images of which kind, e.g. `1 catalog, 4 bundles`. */
export function kindsOf(images: readonly { readonly kind: ImageKind }[]): string {
  const counts = Map.groupBy(images, ({ kind }) => kind);
  return KINDS.flatMap(([kind, , one, several]) => {
    const count = counts.get(kind)?.length ?? 0;
    return count === 0 ? [] : [`${count} ${count === 1 ? one : several}`];
  }).join(', ');
}
