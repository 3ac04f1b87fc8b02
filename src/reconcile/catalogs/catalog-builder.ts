import type { BundleFault } from '../../lock/wanted-catalog.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { type CatalogImage, buildCatalog } from '../../resolve/operators/build-catalog.ts';
import type { SelectedCatalog } from '../../resolve/operators/select-catalog.ts';

/** Builds the image of one catalog of a pass, as often as it turns out that something has to be left out. */
export interface CatalogBuilder {
  /** Reads the catalog and selects, once. @throws ControllerError as `prepareCatalog`. */
  select(signal: AbortSignal): Promise<SelectedCatalog>;
  /** @throws ControllerError as `prepareCatalog` and `buildCatalog`. */
  build(without: readonly BundleFault[], signal: AbortSignal): Promise<CatalogImage>;
}

/** Reads the catalog when it is needed first: of a catalog that stays as it is nothing is. */
export function createCatalogBuilder(
  select: (signal: AbortSignal) => Promise<SelectedCatalog>,
  ends: { readonly source: ImageSource; readonly folder: string },
): CatalogBuilder {
  let selecting: Promise<SelectedCatalog> | undefined;
  const selectOnce = (signal: AbortSignal): Promise<SelectedCatalog> =>
    (selecting ??= select(signal));
  return {
    select: selectOnce,
    build: async (without, signal) => buildCatalog(await selectOnce(signal), without, ends, signal),
  };
}
