import { compareText } from '../../base/compare-text.ts';
import { ControllerError } from '../../base/controller-error.ts';
import { type FieldProblem, formatProblem } from '../../base/field-problem.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { CatalogBundle, CatalogPackage } from '../../catalog/catalog-package.ts';
import type { FilteredCatalog } from '../../catalog/catalog-selection.ts';
import { filterCatalog } from '../../catalog/filter/filter-catalog.ts';
import { SelectionFailure } from '../../catalog/filter/selection-failure.ts';
import { type NeededImage, imagesOfPackages } from '../../catalog/images/images-of-packages.ts';
import { tagAndDigestWarning } from '../../catalog/images/images-of-bundle.ts';
import type { BundleFault } from '../../lock/wanted-catalog.ts';
import type { WantingEntry } from '../../lock/wanted-image.ts';
import { type Destination, placeOperatorImage } from '../../oci/destination.ts';
import type { ImageRequest } from '../image-request.ts';
import { type CatalogRequest, isWholeCatalog } from './catalog-request.ts';

/** What a request takes of a catalog. */
export interface SelectedCatalog {
  readonly request: CatalogRequest;
  readonly catalog: Catalog;
  readonly filtered: FilteredCatalog;
  /** The catalog image is mirrored as it is: `full` without packages. */
  readonly isWhole: boolean;
  /** The images of its bundles, but for those that are blocked. */
  readonly images: readonly ImageRequest[];
  /** The selected bundles whose images can be told. */
  readonly bundles: readonly SelectedBundle[];
  readonly faulty: readonly BundleFault[];
  readonly warnings: readonly FieldProblem[];
}

export interface SelectedBundle {
  readonly package: string;
  readonly bundle: string;
  readonly version: string;
  readonly channels: readonly string[];
  /** What it needs and is not blocked, as `ImageRequest.reference` in full. */
  readonly sources: readonly string[];
}

/**
 * Applies the filter of a request, which validates its result as OLM would, and lists the images that the bundles need
 * (spec, operator-catalogs, 3 and 4).
 * @throws ControllerError CATALOG_SELECTION, CATALOG_INVALID with the position of the entry.
 */
export async function selectCatalog(
  request: CatalogRequest,
  catalog: Catalog,
  destination: Destination,
  signal: AbortSignal,
): Promise<SelectedCatalog> {
  const filtered = await filter(request, catalog, signal);
  const isWhole = isWholeCatalog(request);
  const { images, faulty } = imagesOfPackages(filtered.packages);
  const allowed = images.flatMap((image) => allowedImage(request, image));
  const isAllowed = new Set(allowed.map(({ source }) => source));
  const sourcesOf = sourcesByBundle(images);
  const faultsOf = new Map(faulty.map((one) => [keyOf(one), one.faults]));
  const bundles = filtered.packages.flatMap((one) =>
    one.bundles.map((bundle) => describe(one, bundle)),
  );
  return {
    request,
    catalog,
    filtered,
    isWhole,
    images: allowed.map((image) => imageRequest(request, image, destination)),
    bundles: bundles
      .filter((bundle) => !faultsOf.has(keyOf(bundle)))
      .map((bundle) => {
        const sources = (sourcesOf.get(keyOf(bundle)) ?? []).filter((one) => isAllowed.has(one));
        return { ...bundle, sources };
      }),
    faulty: bundles.flatMap(({ version, ...bundle }) => {
      const faults = faultsOf.get(keyOf(bundle));
      return faults === undefined ? [] : [{ ...bundle, reason: faults.join('; ') }];
    }),
    warnings: [
      ...filtered.warnings.map((finding) => request.locate(finding)),
      ...allowed.flatMap((image) => taggedAndPinned(request, image)),
    ],
  };
}

async function filter(
  request: CatalogRequest,
  catalog: Catalog,
  signal: AbortSignal,
): Promise<FilteredCatalog> {
  try {
    return await filterCatalog(catalog, request.selection, signal);
  } catch (error) {
    if (!(error instanceof SelectionFailure)) throw error;
    const lines = error.findings.map((finding) => formatProblem(request.locate(finding)));
    // With the places of the entries instead of the message; each line has its own advice.
    throw new ControllerError('CATALOG_SELECTION', lines.join('\n'), {
      remedy: 'wait-for-change',
      cause: error,
    });
  }
}

/** The image for those packages alone whose document does not block it; nothing where no package is left. */
function allowedImage(request: CatalogRequest, image: NeededImage): NeededImage[] {
  const neededBy = image.neededBy.filter(
    (bundle) => request.blockedBy(bundle.package, image.source) === undefined,
  );
  return neededBy.length === 0 ? [] : [{ ...image, neededBy }];
}

function imageRequest(
  request: CatalogRequest,
  { source, reference, kind, neededBy }: NeededImage,
  destination: Destination,
): ImageRequest {
  const packages = new Set(neededBy.map((bundle) => bundle.package));
  const entries = new Map<string, WantingEntry>();
  for (const name of packages) {
    const entry = request.entryOf(name);
    entries.set(`${entry.position.path} ${entry.field}`, entry);
  }
  return {
    name: source,
    reference,
    place: placeOperatorImage(reference, destination),
    kind,
    platforms: request.platforms,
    entries: [...entries.values()],
  };
}

function taggedAndPinned(request: CatalogRequest, image: NeededImage): FieldProblem[] {
  const message = tagAndDigestWarning(image);
  const [first] = image.neededBy;
  if (message === undefined || first === undefined) return [];
  const { position, field } = request.entryOf(first.package);
  return [{ position, field, message }];
}

function sourcesByBundle(images: readonly NeededImage[]): ReadonlyMap<string, readonly string[]> {
  const sources = new Map<string, string[]>();
  for (const { source, neededBy } of images) {
    for (const bundle of neededBy) {
      const key = keyOf(bundle);
      const known = sources.get(key);
      if (known === undefined) sources.set(key, [source]);
      else known.push(source);
    }
  }
  return sources;
}

function describe(
  { name, channels }: CatalogPackage,
  bundle: CatalogBundle,
): Omit<SelectedBundle, 'sources'> {
  return {
    package: name,
    bundle: bundle.name,
    version: bundle.packages[0]?.version ?? '',
    channels: channels
      .filter(({ entries }) => entries.some((entry) => entry.name === bundle.name))
      .map((channel) => channel.name)
      .sort(compareText),
  };
}

function keyOf(bundle: { readonly package: string; readonly bundle: string }): string {
  return `${bundle.package}/${bundle.bundle}`;
}
