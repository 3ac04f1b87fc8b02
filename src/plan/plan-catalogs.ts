import { compareText } from '../base/compare-text.ts';
import type { Lock, LockedBundle } from '../lock/lock.ts';
import type { WantedBundle, WantedCatalog } from '../lock/wanted-catalog.ts';
import { type Destination, relativePlace } from '../oci/destination.ts';
import { nameCatalogs } from '../resources/name-catalogs.ts';
import type { PlannedCatalog } from './planned-catalog.ts';

/** The catalogs of a plan beside what the lock has of them. `lock` is one of the same destination. */
export function planCatalogs(
  wanted: readonly WantedCatalog[],
  lock: Lock | undefined,
  destination: Destination,
): PlannedCatalog[] {
  const placed = wanted.map((catalog) => {
    return { catalog, at: relativePlace(catalog.place, destination) };
  });
  const names = nameCatalogs(
    lock?.catalogs ?? [],
    placed.map(({ at }) => at),
  );
  const there = new Set(lock?.images.map(({ destination }) => destination));
  return placed
    .map(({ catalog, at }) => {
      const { source, sourceDigest, inputs, template, without, packages, entries } = catalog;
      // What is leaving, or gone, is published no longer.
      const isPublished = there.has(at);
      const previous = lock?.catalogs.find((line) => isPublished && line.destination === at);
      return {
        destination: at,
        name: names.get(at) ?? at,
        source,
        sourceDigest,
        ...(inputs === undefined ? {} : { inputs }),
        ...(template === undefined ? {} : { template }),
        bundles: catalog.bundles
          .map((bundle) => bundleLine(bundle, at, destination))
          .sort(compareBundles),
        without,
        packages,
        entries,
        ...(previous === undefined ? {} : { previous }),
        previousBundles:
          lock?.bundles.filter(
            (line) => isPublished && line.catalog === at && line.unlisted !== true,
          ) ?? [],
      };
    })
    .sort((a, b) => compareText(a.destination, b.destination));
}

function bundleLine(
  { bundle, version, channels, places, ...rest }: WantedBundle,
  catalog: string,
  destination: Destination,
): LockedBundle {
  const images = new Set(places.map((place) => relativePlace(place, destination)));
  return {
    catalog,
    package: rest.package,
    bundle,
    version,
    channels,
    images: [...images].sort(compareText),
  };
}

export function compareBundles(a: LockedBundle, b: LockedBundle): number {
  return (
    compareText(a.catalog, b.catalog) ||
    compareText(a.package, b.package) ||
    compareText(a.bundle, b.bundle)
  );
}
