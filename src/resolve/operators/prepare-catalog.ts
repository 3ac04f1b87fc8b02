import type { Catalog } from '../../catalog/catalog.ts';
import { openCatalog } from '../../catalog/read/open-catalog.ts';
import type { Destination } from '../../oci/destination.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { formatReference } from '../../oci/reference.ts';
import type { CatalogRequest } from './catalog-request.ts';
import { type SelectedCatalog, selectCatalog } from './select-catalog.ts';

/** A catalog at its source. */
export interface CatalogAt {
  readonly digest: Digest;
  readonly source: ImageSource;
  /** Keeps what was read; can be thrown away at any time. */
  readonly folder: string;
}

/**
 * Reads a catalog, or what is kept of it, and selects.
 * @throws ControllerError CATALOG_INVALID, CATALOG_SELECTION, and what the source throws.
 */
export async function prepareCatalog(
  request: CatalogRequest,
  at: CatalogAt,
  destination: Destination,
  signal: AbortSignal,
): Promise<SelectedCatalog> {
  const catalog = await open(request, at, signal);
  return await selectCatalog(request, catalog, destination, signal);
}

async function open(
  { reference }: CatalogRequest,
  { digest, source, folder }: CatalogAt,
  signal: AbortSignal,
): Promise<Catalog> {
  const name =
    reference.kind === 'layout'
      ? formatReference(reference)
      : `${reference.registry}/${reference.repository}@${digest}`;
  return await openCatalog({ source, digest, name, folder }, signal);
}
