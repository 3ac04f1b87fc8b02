import { compareText } from '../base/compare-text.ts';
import type { Lock, LockedBundle, LockedCatalog } from '../lock/lock.ts';
import type { Digest } from '../oci/digest.ts';
import { compareBundles } from './plan-catalogs.ts';
import type { PlannedCatalog } from './planned-catalog.ts';

/** A catalog that was built without bundles whose images did not arrive. */
export interface RebuiltCatalog {
  /** Of the image that is at the place now. */
  readonly digest: Digest;
  readonly inputs: Digest;
  /** The bundles that it lists. */
  readonly bundles: readonly LockedBundle[];
  /** The bundles that the filter selects and that it does not list. */
  readonly without: readonly string[];
}

/** What became of the catalogs of a plan. Keys are destinations. */
export interface CatalogOutcome {
  /** Catalogs that are not published: what is published stays. */
  readonly kept: ReadonlySet<string>;
  readonly rebuilt: ReadonlyMap<string, RebuiltCatalog>;
}

/**
 * The catalogs and bundles of the next lock. A catalog that could not be published keeps the lines that it had; what
 * is no longer wanted or listed keeps its lines as long as one of its images has one (design.md, section 4).
 */
export function nextCatalogs(
  planned: readonly PlannedCatalog[],
  lock: Lock | undefined,
  { images, deleting }: Pick<Lock, 'images' | 'deleting'>,
  { kept, rebuilt }: CatalogOutcome,
): { readonly catalogs: LockedCatalog[]; readonly bundles: LockedBundle[] } {
  const there = new Set(images.map(({ destination }) => destination));
  const catalogs: LockedCatalog[] = [];
  const listed: LockedBundle[] = [];
  for (const catalog of planned) {
    const { destination, sourceDigest, previous } = catalog;
    if (kept.has(destination) || !there.has(destination)) {
      // What it should become is tried again in every pass, not only at the next resync.
      if (previous !== undefined && there.has(destination))
        catalogs.push({ ...previous, sourceDigest });
      listed.push(...catalog.previousBundles);
    } else {
      const built = rebuilt.get(destination);
      catalogs.push(catalogLine(catalog, built));
      listed.push(...(built?.bundles ?? catalog.bundles));
    }
  }
  const isPlanned = new Set(planned.map(({ destination }) => destination));
  catalogs.push(...(lock?.catalogs ?? []).filter((line) => !isPlanned.has(line.destination)));
  const isListed = new Set(listed.map(keyOf));
  const former = (lock?.bundles ?? [])
    .filter((line) => !isListed.has(keyOf(line)))
    .map((line): LockedBundle =>
      isPlanned.has(line.catalog) ? { ...line, unlisted: true } : line,
    );
  const left = withLines({ images, deleting, catalogs, bundles: [...listed, ...former] });
  return {
    catalogs: left.catalogs.sort((a, b) => compareText(a.destination, b.destination)),
    bundles: left.bundles.sort(compareBundles),
  };
}

/**
 * The catalogs and bundles of which an image has a line. One that is leaving counts: its delete may be called off, and
 * the delete file that names it may change.
 */
export function withLines({
  images,
  deleting,
  catalogs,
  bundles,
}: Pick<Lock, 'images' | 'deleting' | 'catalogs' | 'bundles'>): {
  readonly catalogs: LockedCatalog[];
  readonly bundles: LockedBundle[];
} {
  const lines = new Set([...images, ...deleting].map(({ destination }) => destination));
  return {
    catalogs: catalogs.filter(({ destination }) => lines.has(destination)),
    bundles: bundles.filter((bundle) => bundle.images.some((image) => lines.has(image))),
  };
}

/** What the catalogs list that are published and wanted: it is not to be deleted, whoever asks for it. */
export function listedImages(
  planned: readonly PlannedCatalog[],
  { kept, rebuilt }: CatalogOutcome,
): ReadonlySet<string> {
  return new Set(
    planned.flatMap(({ destination, bundles, previousBundles }) => {
      if (kept.has(destination)) return previousBundles.flatMap(({ images }) => images);
      return (rebuilt.get(destination)?.bundles ?? bundles).flatMap(({ images }) => images);
    }),
  );
}

function catalogLine(
  { destination, name, source, sourceDigest, inputs, template, without }: PlannedCatalog,
  built: RebuiltCatalog | undefined,
): LockedCatalog {
  const left = built?.without ?? without.map(({ bundle }) => bundle);
  const made = built?.inputs ?? inputs;
  return {
    destination,
    name,
    source,
    sourceDigest,
    ...(made === undefined ? {} : { inputs: made }),
    ...(left.length === 0 ? {} : { without: [...new Set(left)].sort(compareText) }),
    ...(template === undefined ? {} : { template }),
  };
}

function keyOf(line: LockedBundle): string {
  return `${line.catalog} ${line.package} ${line.bundle}`;
}
