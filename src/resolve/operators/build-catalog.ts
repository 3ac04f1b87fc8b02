import { ControllerError } from '../../base/controller-error.ts';
import type { FilteredCatalog } from '../../catalog/catalog-selection.ts';
import { leaveOut } from '../../catalog/filter/leave-out.ts';
import { catalogInputs } from '../../catalog/rebuild/catalog-inputs.ts';
import { rebuildCatalog } from '../../catalog/rebuild/rebuild-catalog.ts';
import { sparseCatalog } from '../../catalog/rebuild/sparse-catalog.ts';
import { validateCatalog } from '../../catalog/validate/validate-catalog.ts';
import type { BundleFault } from '../../lock/wanted-catalog.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { type CatalogRequest, isWholeCatalog } from './catalog-request.ts';
import type { SelectedBundle, SelectedCatalog } from './select-catalog.ts';

/** The image of a catalog as it is to be mirrored. */
export interface CatalogImage {
  readonly digest: Digest;
  /** Where it is copied from. */
  readonly image: ImageSource;
  /** Of all that it is made from; absent: the source's own image. */
  readonly inputs?: Digest;
  /** The bundles that it lists. */
  readonly bundles: readonly SelectedBundle[];
}

export interface BuildOptions {
  /** Where the catalog's image is. */
  readonly source: ImageSource;
  /** Keeps what was built; can be thrown away at any time. */
  readonly folder: string;
}

/**
 * The image of a selected catalog without the bundles that are incomplete; the source's own where nothing of it is left
 * out (design.md, section 5, step 6).
 * @throws ControllerError CATALOG_SELECTION when OLM would refuse what is left.
 */
export async function buildCatalog(
  selected: SelectedCatalog,
  without: readonly BundleFault[],
  { source, folder }: BuildOptions,
  signal: AbortSignal,
): Promise<CatalogImage> {
  const { request, catalog, isWhole, bundles, filtered } = selected;
  const { platforms } = request;
  const inputs = inputsOf(request, catalog.digest, without);
  if (isWhole && without.length === 0) {
    if (inputs === undefined) return { digest: catalog.digest, image: source, bundles };
    const options = { source, folder, digest: catalog.digest, platforms: platforms ?? [] };
    return { ...(await sparseCatalog(options, signal)), inputs, bundles };
  }
  const left = without.length === 0 ? filtered : leftOf(selected, without);
  const { packages, globals } = left;
  const options = { catalog, source, packages, globals, platforms, folder };
  const made = inputs ?? unreachable();
  const built = await rebuildCatalog({ ...options, inputs: made }, signal);
  return { ...built, inputs: made, bundles: bundles.filter(listedIn(left)) };
}

/** Of a catalog without the bundles; undefined where it is the source's own image. */
export function inputsOf(
  { selection, platforms }: Pick<CatalogRequest, 'selection' | 'platforms'>,
  sourceDigest: Digest,
  without: readonly { readonly bundle: string }[],
): Digest | undefined {
  if (isWholeCatalog({ selection }) && platforms === undefined && without.length === 0)
    return undefined;
  const names = without.map(({ bundle }) => bundle);
  return catalogInputs({ sourceDigest, selection, platforms, without: names });
}

function leftOf(
  { request, filtered }: SelectedCatalog,
  without: readonly BundleFault[],
): FilteredCatalog {
  const left = leaveOut(filtered, without);
  const faults = left.packages.length === 0 ? ['nothing is left of it'] : validateCatalog(left);
  if (faults.length === 0) return left;
  const bundles = without.map(({ bundle, reason }) => `${bundle} (${reason})`).join(', ');
  throw new ControllerError(
    'CATALOG_SELECTION',
    `catalog ${request.name} cannot be published without its incomplete bundles ${bundles}: ${faults.join('; ')}`,
    {
      remedy: 'retry-later',
      hint: 'Choose versions or channels without these bundles, or see to it that their images are there.',
    },
  );
}

function listedIn({ packages }: FilteredCatalog): (bundle: SelectedBundle) => boolean {
  const listed = new Set(
    packages.flatMap(({ name, bundles }) => bundles.map((bundle) => `${name}/${bundle.name}`)),
  );
  return (bundle) => listed.has(`${bundle.package}/${bundle.bundle}`);
}

function unreachable(): never {
  throw new TypeError('only the source’s own image has no inputs');
}
