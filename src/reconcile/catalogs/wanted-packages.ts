import { compareText } from '../../base/compare-text.ts';
import type { WantedPackage } from '../../lock/wanted-catalog.ts';
import type { CatalogRequest } from '../../resolve/operators/catalog-request.ts';

/** The packages of bundles with the entries that want them, sorted by name. */
export function wantedPackages(
  request: Pick<CatalogRequest, 'entryOf'>,
  bundles: readonly { readonly package: string }[],
): WantedPackage[] {
  const names = new Set(bundles.map((bundle) => bundle.package));
  return [...names].sort(compareText).map((name) => ({ name, entry: request.entryOf(name) }));
}
