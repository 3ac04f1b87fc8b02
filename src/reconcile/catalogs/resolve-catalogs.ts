import { type FieldProblem, compareProblems } from '../../base/field-problem.ts';
import { ControllerError } from '../../base/controller-error.ts';
import { CATALOG_FOLDER_LIMITS } from '../../catalog/catalog-folder-limits.ts';
import { boundFolder } from '../../store/bound-folder.ts';
import { forEachConcurrently } from '../../base/for-each-concurrently.ts';
import type { EntryFailure } from '../../lock/entry-failure.ts';
import type { Lock } from '../../lock/lock.ts';
import type { BundleFault, WantedCatalog } from '../../lock/wanted-catalog.ts';
import type { WantedImage } from '../../lock/wanted-image.ts';
import { type Place, formatPlace, placeCatalog } from '../../oci/destination.ts';
import { type Digest, digestTag } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';
import type { CatalogRequest } from '../../resolve/operators/catalog-request.ts';
import { catalogRequests } from '../../resolve/operators/catalog-requests.ts';
import { prepareCatalog } from '../../resolve/operators/prepare-catalog.ts';
import type { SelectedCatalog } from '../../resolve/operators/select-catalog.ts';
import {
  type ResolveDependencies,
  digestFinder,
  resolveImages,
} from '../../resolve/resolve-images.ts';
import { sourceOf } from '../ends.ts';
import type { PassContext } from '../pass-context.ts';
import { templatePath } from '../read-templates.ts';
import { type CatalogBuilder, createCatalogBuilder } from './catalog-builder.ts';
import { bundleFailure } from './bundle-failure.ts';
import { asLocked } from './locked-catalog.ts';
import { wantedPackages } from './wanted-packages.ts';

/** The catalogs that the files of a mirror want, with all images that belong to them. */
export interface ResolvedCatalogs {
  readonly wanted: readonly WantedImage[];
  readonly catalogs: readonly WantedCatalog[];
  readonly failures: readonly EntryFailure[];
  /** What the filters found odd; sorted. */
  readonly warnings: readonly FieldProblem[];
  /** By place, as `formatPlace` writes it. */
  readonly builders: ReadonlyMap<string, CatalogBuilder>;
  /** Where catalog images that were built are copied from, by digest. */
  readonly built: ReadonlyMap<Digest, ImageSource>;
}

interface Books {
  readonly wanted: WantedImage[];
  readonly catalogs: WantedCatalog[];
  readonly failures: EntryFailure[];
  readonly warnings: FieldProblem[];
  readonly builders: Map<string, CatalogBuilder>;
  readonly built: Map<Digest, ImageSource>;
}

/** Catalogs read at a time: each keeps a decompressor and a parser busy. */
const PARALLEL_CATALOGS = 2;

/**
 * Resolves the `operators` of the files (design.md, section 5, step 3). What the lock has as the files want it is taken
 * from the lock, without a request and without reading the catalog; a catalog that cannot be resolved fails alone.
 * @param dependencies `lockedDigest` tells of catalogs what their source was.
 */
export async function resolveCatalogs(
  context: PassContext,
  lock: Lock | undefined,
  dependencies: ResolveDependencies,
  signal: AbortSignal,
): Promise<ResolvedCatalogs> {
  const documents = context.files.documents.filter(({ kind }) => kind === 'mirror');
  const books: Books = {
    ...{ wanted: [], catalogs: [], failures: [], warnings: [] },
    ...{ builders: new Map(), built: new Map() },
  };
  const requests = catalogRequests(documents);
  await forEachConcurrently(requests, { limit: PARALLEL_CATALOGS, signal }, async (request) => {
    try {
      await resolveCatalog(context, lock, request, dependencies, books, signal);
    } catch (error) {
      if (!(error instanceof ControllerError) || signal.aborted) throw error;
      books.failures.push({ entries: request.entries, wanted: request.name, error });
    }
  });
  if (books.built.size > 0) {
    const now = context.clock().getTime();
    await boundFolder(context.ends.catalogFolder, CATALOG_FOLDER_LIMITS, now, signal);
  }
  // Catalogs are read side by side, and end in any order.
  return { ...books, warnings: books.warnings.sort(compareProblems) };
}

async function resolveCatalog(
  context: PassContext,
  lock: Lock | undefined,
  request: CatalogRequest,
  dependencies: ResolveDependencies,
  books: Books,
  signal: AbortSignal,
): Promise<void> {
  const { ends, mirror } = context;
  const { reference, source: text } = request;
  const digest = await digestFinder(dependencies, signal)(reference, text);
  const place = placeCatalog(reference, request, digestTag(digest), mirror.destination);
  const source = sourceOf(ends, reference, mirror.ociRoot);
  const at = { digest, source, folder: ends.catalogFolder };
  const builder = createCatalogBuilder(
    (one) => prepareCatalog(request, at, mirror.destination, one),
    at,
  );
  books.builders.set(formatPlace(place), builder);

  const locked = context.isResync ? undefined : asLocked(context, lock, request, { place, digest });
  if (locked !== undefined) {
    books.wanted.push(...locked.wanted);
    books.catalogs.push(locked.catalog);
    return;
  }
  const selected = await builder.select(signal);
  await addSelected({ request, selected, place, digest, builder }, dependencies, books, signal);
}

interface Found {
  readonly request: CatalogRequest;
  readonly selected: SelectedCatalog;
  readonly place: Place;
  readonly digest: Digest;
  readonly builder: CatalogBuilder;
}

async function addSelected(
  { request, selected, place, digest, builder }: Found,
  dependencies: ResolveDependencies,
  books: Books,
  signal: AbortSignal,
): Promise<void> {
  books.warnings.push(...selected.warnings);
  const { wanted, failures } = await resolveImages(selected.images, dependencies, signal);
  books.wanted.push(...wanted);
  books.failures.push(...failures);
  const placeOf = new Map(selected.images.map((image) => [image.name, image.place]));
  const reasonOf = new Map(failures.map(({ wanted: name, error }) => [name, error.message]));
  const without = [
    ...selected.faulty,
    ...selected.bundles.flatMap(({ version, sources, ...bundle }): BundleFault[] => {
      const missing = sources.find((source) => reasonOf.has(source));
      if (missing === undefined) return [];
      const reason = `${missing}: ${reasonOf.get(missing) ?? ''}`;
      return [{ ...bundle, reason }];
    }),
  ];
  for (const fault of without) {
    const entries = [request.entryOf(fault.package)];
    books.failures.push(bundleFailure(fault, { source: request.source, entries }));
  }
  const { image, inputs, ...built } = await builder.build(without, signal);
  books.built.set(built.digest, image);
  books.wanted.push({
    place,
    digest: built.digest,
    source: request.source,
    kind: 'catalog',
    entries: request.entries,
  });
  const template = request.template === undefined ? undefined : templatePath(request.template);
  books.catalogs.push({
    place,
    source: request.source,
    sourceDigest: digest,
    ...(inputs === undefined ? {} : { inputs }),
    ...(template === undefined ? {} : { template }),
    bundles: built.bundles.map(({ sources, ...bundle }) => {
      return { ...bundle, places: sources.flatMap((source) => placeOf.get(source) ?? []) };
    }),
    without,
    packages: wantedPackages(request, [...built.bundles, ...without]),
    entries: request.entries,
  });
}
