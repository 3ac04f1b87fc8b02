import { type Destination, type Place, placeCatalog } from '../../oci/destination.ts';
import { digestTag } from '../../oci/digest.ts';
import type { Reference } from '../../oci/reference.ts';

/**
 * Where the controller puts a catalog, told without a request: one that is named by its digest alone has that digest for
 * a tag, whatever is built of it (design.md, section 5, step 6).
 * @throws ControllerError REFERENCE_INVALID as `placeCatalog`.
 */
export function catalogPlace(
  reference: Reference,
  target: { readonly targetCatalog?: string | undefined; readonly targetTag?: string | undefined },
  destination: Destination,
): Place {
  // A reference without a digest has a tag, or means `latest`.
  const ownTag = reference.digest === undefined ? 'latest' : digestTag(reference.digest);
  return placeCatalog(reference, target, ownTag, destination);
}
