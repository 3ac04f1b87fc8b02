import { ControllerError } from '../../base/controller-error.ts';
import type { EntryFailure } from '../../lock/entry-failure.ts';
import type { LockedBundle } from '../../lock/lock.ts';
import type { BundleFault } from '../../lock/wanted-catalog.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { formatPlace } from '../../oci/destination.ts';
import type { CatalogOutcome, RebuiltCatalog } from '../../plan/next-catalogs.ts';
import { bundleKey, lostBundles } from '../../plan/lost-bundles.ts';
import type { Plan, PlannedImage } from '../../plan/plan.ts';
import type { PlannedCatalog } from '../../plan/planned-catalog.ts';
import { bundleFailure } from './bundle-failure.ts';
import type { CatalogBuilder } from './catalog-builder.ts';

/** The catalogs of a plan, once it is known which of their images are there. */
export interface SettledCatalogs {
  /** To be copied now, each under the digest that it has without its incomplete bundles. */
  readonly images: readonly PlannedImage[];
  /** Where they are copied from, by digest. */
  readonly sources: ReadonlyMap<Digest, ImageSource>;
  readonly outcome: CatalogOutcome;
  readonly failures: readonly EntryFailure[];
}

export interface SettleOptions {
  readonly plan: Plan;
  /** The catalogs of the plan's adds and updates. */
  readonly images: readonly PlannedImage[];
  readonly builders: ReadonlyMap<string, CatalogBuilder>;
  /** Why an image of the plan is not at its destination; undefined: it is there. */
  readonly reasonOf: (destination: string) => string | undefined;
}

/** In messages; the others are counted. */
const SHOWN_BUNDLES = 5;

/**
 * What of the catalogs can be published (design.md, section 5, step 6): an incomplete bundle is left out, if what is
 * left is valid and has every bundle of the published catalog that is still selected; else the published one stays.
 */
export async function settleCatalogs(
  { plan, images, builders, reasonOf }: SettleOptions,
  signal: AbortSignal,
): Promise<SettledCatalogs> {
  const catalogAt = new Map(plan.catalogs.map((catalog) => [catalog.destination, catalog]));
  const copies: PlannedImage[] = [];
  const sources = new Map<Digest, ImageSource>();
  const kept = new Set<string>();
  const rebuilt = new Map<string, RebuiltCatalog>();
  const failures: EntryFailure[] = [];
  for (const image of images) {
    const catalog = catalogAt.get(image.destination);
    if (catalog === undefined) continue;
    try {
      const settled = await settle(
        catalog,
        builders.get(formatPlace(image.place)),
        reasonOf,
        signal,
      );
      if (settled === undefined) {
        copies.push(image);
        continue;
      }
      const { source, faults, ...made } = settled;
      copies.push({ ...image, digest: made.digest });
      sources.set(made.digest, source);
      rebuilt.set(image.destination, made);
      failures.push(...faults.map((fault) => failureOf(fault, catalog)));
    } catch (error) {
      if (!(error instanceof ControllerError) || signal.aborted) throw error;
      kept.add(image.destination);
      failures.push({ entries: catalog.entries, wanted: catalog.source, error });
    }
  }
  return { images: copies, sources, outcome: { kept, rebuilt }, failures };
}

interface Settled extends RebuiltCatalog {
  readonly source: ImageSource;
  /** What it had to be built without since it was planned. */
  readonly faults: readonly BundleFault[];
}

/** Undefined: it can be copied as it was planned. @throws ControllerError where it cannot be published. */
async function settle(
  catalog: PlannedCatalog,
  builder: CatalogBuilder | undefined,
  reasonOf: SettleOptions['reasonOf'],
  signal: AbortSignal,
): Promise<Settled | undefined> {
  const faults = catalog.bundles.flatMap((bundle) => faultOf(bundle, reasonOf));
  const without = [...catalog.without, ...faults];
  if (faults.length === 0 || builder === undefined) {
    refuseLoss(catalog, catalog.bundles, without);
    return undefined;
  }
  const { digest, image: source, inputs, ...built } = await builder.build(without, signal);
  const listed = new Set(built.bundles.map(bundleKey));
  const bundles = catalog.bundles.filter((bundle) => listed.has(bundleKey(bundle)));
  refuseLoss(catalog, bundles, without);
  if (inputs === undefined) throw new TypeError('a catalog without some bundles was built');
  const names = without.map(({ bundle }) => bundle);
  return { digest, inputs, bundles, without: names, source, faults };
}

function faultOf(
  { package: name, bundle, channels, images }: LockedBundle,
  reasonOf: SettleOptions['reasonOf'],
): BundleFault[] {
  for (const image of images) {
    const reason = reasonOf(image);
    if (reason === undefined) continue;
    return [{ package: name, bundle, channels, reason: `${image}: ${reason}` }];
  }
  return [];
}

/** Whoever installed a bundle of the published catalog must find it in the next one, if the filter still selects it. */
function refuseLoss(
  catalog: PlannedCatalog,
  listed: readonly LockedBundle[],
  without: readonly BundleFault[],
): void {
  const lost = lostBundles(catalog, listed, without);
  if (lost.length === 0) return;
  const reasonOf = new Map(without.map((fault) => [bundleKey(fault), fault.reason]));
  const names = lost.slice(0, SHOWN_BUNDLES).map((one) => {
    const reason = reasonOf.get(bundleKey(one));
    return reason === undefined ? one.bundle : `${one.bundle} (${reason})`;
  });
  if (lost.length > names.length) names.push(`${lost.length - names.length} more`);
  throw new ControllerError(
    'CATALOG_SELECTION',
    `the published catalog of ${catalog.source} stays as it is: the new one would lack bundles that it has, ${names.join(', ')}`,
    {
      remedy: 'retry-later',
      hint: 'The next pass tries again; see to it that the images are there, or take the bundles out of the image set.',
    },
  );
}

function failureOf(
  fault: BundleFault,
  { source, packages, entries }: PlannedCatalog,
): EntryFailure {
  const entry = packages.find(({ name }) => name === fault.package)?.entry;
  return bundleFailure(fault, { source, entries: entry === undefined ? entries : [entry] });
}
