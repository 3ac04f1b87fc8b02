import { compareText } from '../../base/compare-text.ts';
import type { WantedCatalog } from '../../lock/wanted-catalog.ts';
import type { WantedImage } from '../../lock/wanted-image.ts';
import { formatPlace } from '../../oci/destination.ts';

/**
 * One catalog for each place. Two that would be the same image are one, for the entries of both; of two that would
 * differ neither image is left in `wanted`, and so neither catalog: the lock goes on with the one that it has.
 */
export function uniteCatalogs(
  catalogs: readonly WantedCatalog[],
  wanted: readonly WantedImage[],
): WantedCatalog[] {
  const isLeft = new Set(
    wanted.flatMap(({ kind, place }) => (kind === 'catalog' ? [formatPlace(place)] : [])),
  );
  const byPlace = Map.groupBy(catalogs, ({ place }) => formatPlace(place));
  return [...byPlace].flatMap(([place, same]) => {
    const [first] = same.toSorted((a, b) => compareText(a.source, b.source));
    if (first === undefined || !isLeft.has(place)) return [];
    return [{ ...first, entries: same.flatMap(({ entries }) => entries) }];
  });
}
