import { ControllerError } from '../../base/controller-error.ts';
import type { Lock } from '../../lock/lock.ts';
import type { WantedCatalog } from '../../lock/wanted-catalog.ts';
import type { WantingEntry } from '../../lock/wanted-image.ts';
import {
  type Destination,
  absolutePlace,
  formatDestination,
  formatPlace,
} from '../../oci/destination.ts';
import type { CatalogRequest } from '../../resolve/operators/catalog-request.ts';
import { catalogPlace } from '../../resolve/operators/catalog-place.ts';
import { catalogRequests } from '../../resolve/operators/catalog-requests.ts';
import type { PassContext } from '../pass-context.ts';

/**
 * The places, as `formatPlace` writes them, that image sets may want of catalogs although that could not be found out: all
 * that the lock has of a catalog that could not be read, and of the bundles that another one has to leave out. Nothing of
 * it is deleted as long as its entry fails.
 */
export function unresolvedPlaces(
  { files, mirror }: Pick<PassContext, 'files' | 'mirror'>,
  resolved: readonly WantedCatalog[],
  lock: Lock | undefined,
): ReadonlyMap<string, WantingEntry> {
  const { destination } = mirror;
  const named = new Map<string, WantingEntry>();
  const here = lock?.destination === formatDestination(destination) ? lock : undefined;
  const catalogAt = new Map(resolved.map((catalog) => [formatPlace(catalog.place), catalog]));
  for (const request of catalogRequests(files.documents.filter(({ kind }) => kind === 'mirror'))) {
    const place = placeOf(request, destination);
    const [entry] = request.entries;
    if (place === undefined || entry === undefined) continue;
    const catalog = catalogAt.get(place);
    if (catalog === undefined) named.set(place, entry);
    else if (catalog.without.length === 0) continue;
    const left = new Set(catalog?.without.map(keyOf));
    for (const bundle of here?.bundles ?? []) {
      const at = absolutePlace(bundle.catalog, destination);
      if (at === undefined || formatPlace(at) !== place) continue;
      if (catalog !== undefined && !left.has(keyOf(bundle))) continue;
      for (const image of bundle.images) {
        const needed = absolutePlace(image, destination);
        if (needed !== undefined) named.set(formatPlace(needed), request.entryOf(bundle.package));
      }
    }
  }
  return named;
}

function placeOf(request: CatalogRequest, destination: Destination): string | undefined {
  try {
    return formatPlace(catalogPlace(request.reference, request, destination));
  } catch (error) {
    if (error instanceof ControllerError) return undefined;
    throw error;
  }
}

function keyOf(bundle: { readonly package: string; readonly bundle: string }): string {
  return `${bundle.package}/${bundle.bundle}`;
}
