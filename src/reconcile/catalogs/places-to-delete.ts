import type { Lock, LockedBundle } from '../../lock/lock.ts';
import type { WantedCatalog } from '../../lock/wanted-catalog.ts';
import { type Destination, absolutePlace, relativePlace } from '../../oci/destination.ts';
import type { NamedPlace } from '../../plan/plan-input.ts';
import type { ChosenForDelete } from '../../resolve/operators/choose-for-delete.ts';

export interface ChosenAmong {
  readonly lock: Lock | undefined;
  /** The catalogs that the image sets want. */
  readonly catalogs: readonly WantedCatalog[];
  readonly destination: Destination;
}

/**
 * The places of what delete files choose of a lock: catalog images, and of each bundle those images that go with it. One
 * that another bundle has too, which is whole and stays, is that bundle's and goes with the last of them. A bundle that a
 * published catalog lists waits until the catalog goes, or lists it no longer.
 * @param all what all delete files choose that are still to be carried out.
 */
export function placesToDelete(
  all: readonly ChosenForDelete[],
  among: ChosenAmong,
): (choice: ChosenForDelete) => NamedPlace[] {
  const { lock, destination } = among;
  if (all.every(({ bundles, catalogs }) => bundles.length + catalogs.length === 0)) return () => [];
  const leaving = new Set(
    all.flatMap(({ catalogs }) => catalogs.map((catalog) => catalog.destination)),
  );
  const shared = imagesThatStay(all, among);
  const sourceOf = sourceByDestination(lock);
  const waitsFor = imagesThatWait(all, catalogsThatStay(leaving, among));

  return ({ bundles, catalogs }) => {
    const ofBundles = bundles.flatMap(({ bundle, entry }) =>
      bundle.images.flatMap((image): NamedPlace[] => {
        const place = absolutePlace(image, destination);
        const source = sourceOf.get(image);
        if (shared.has(image) || place === undefined || source === undefined) return [];
        const reason = waitsFor.get(image);
        return [{ place, source, entry, ...(reason === undefined ? {} : { waitsFor: reason }) }];
      }),
    );
    const own = catalogs.map(({ place, source, entry }) => {
      return { place, source, entry, kind: 'catalog' as const };
    });
    return [...ofBundles, ...own];
  };
}

/** The images of chosen bundles that catalogs list which stay, with the reason for people. */
function imagesThatWait(
  all: readonly ChosenForDelete[],
  staying: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  return new Map(
    all
      .flatMap(({ bundles }) => bundles.map(({ bundle }) => bundle))
      .filter(({ catalog, unlisted }) => unlisted !== true && staying.has(catalog))
      .flatMap((bundle) => bundle.images.map((image) => [image, listedBy(bundle)] as const)),
  );
}

/** The images of bundles that nobody chose: those of the lock that are whole, and those that are wanted. */
function imagesThatStay(
  all: readonly ChosenForDelete[],
  { lock, catalogs, destination }: ChosenAmong,
): ReadonlySet<string> {
  const chosen = all.flatMap(({ bundles }) => bundles.map(({ bundle }) => bundle));
  const isChosen = new Set(chosen.map(keyOf));
  const there = new Set(lock?.images.map((line) => line.destination));
  const stays = new Set<string>();
  for (const bundle of lock?.bundles ?? []) {
    // What lacks an image can no longer be installed: it is what an earlier delete left of a bundle.
    if (isChosen.has(keyOf(bundle)) || !bundle.images.every((image) => there.has(image))) continue;
    for (const image of bundle.images) stays.add(image);
  }
  for (const { place, bundles } of catalogs) {
    const catalog = relativePlace(place, destination);
    for (const { places, ...bundle } of bundles) {
      if (isChosen.has(keyOf({ ...bundle, catalog }))) continue;
      for (const image of places) stays.add(relativePlace(image, destination));
    }
  }
  return stays;
}

/**
 * Catalogs that are published and that nobody wants any more: nothing makes them anew without a bundle, and whoever
 * installs from them needs all that they list. What a wanted catalog lists is wanted itself.
 */
function catalogsThatStay(
  leaving: ReadonlySet<string>,
  { lock, catalogs, destination }: ChosenAmong,
): ReadonlySet<string> {
  const wanted = new Set(catalogs.map(({ place }) => relativePlace(place, destination)));
  const there = new Set(lock?.images.map((line) => line.destination));
  return new Set(
    lock?.catalogs
      .map((line) => line.destination)
      .filter((one) => there.has(one) && !leaving.has(one) && !wanted.has(one)),
  );
}

/** What a place is named by there; where it has two names, by the one that nobody wants any more. */
function sourceByDestination(lock: Lock | undefined): ReadonlyMap<string, string> {
  const sources = new Map<string, string>();
  for (const { destination, source } of lock?.deleting ?? []) sources.set(destination, source);
  for (const { destination, source } of lock?.images ?? []) sources.set(destination, source);
  for (const { destination, source, wantedBy } of lock?.images ?? [])
    if (wantedBy.length === 0) sources.set(destination, source);
  return sources;
}

function listedBy({ bundle, catalog }: LockedBundle): string {
  return `catalog ${catalog}, which stays published, lists ${bundle}; an entry of the catalog without packages deletes both`;
}

function keyOf(bundle: {
  readonly catalog: string;
  readonly package: string;
  readonly bundle: string;
}): string {
  return `${bundle.catalog} ${bundle.package} ${bundle.bundle}`;
}
