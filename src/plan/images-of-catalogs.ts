import type { ImageKind } from '../lock/wanted-image.ts';

/** In the order in which they are told, with how one and several of them are called. */
const KINDS: readonly (readonly [kind: ImageKind, one: string, several: string])[] = [
  ['catalog', 'catalog', 'catalogs'],
  ['bundle', 'bundle', 'bundles'],
  ['related-image', 'related image', 'related images'],
];

/** Images that an image set names, and images that belong to operator catalogs. */
export function split<Item>(
  items: readonly Item[],
  kindOf: (item: Item) => ImageKind,
): { readonly own: readonly Item[]; readonly ofCatalogs: readonly Item[] } {
  const kinds = new Set(KINDS.map(([kind]) => kind));
  const { true: ofCatalogs = [], false: own = [] } = Object.groupBy(items, (item) =>
    kinds.has(kindOf(item)) ? 'true' : 'false',
  );
  return { own, ofCatalogs };
}

/** How many images of which kind, e.g. `1 catalog, 4 bundles`. */
export function kindsOf(images: readonly { readonly kind: ImageKind }[]): string {
  const counts = KINDS.map(([kind, one, several]) => {
    const count = images.filter((image) => image.kind === kind).length;
    return count === 0 ? [] : [`${count} ${count === 1 ? one : several}`];
  });
  return counts.flat().join(', ');
}
