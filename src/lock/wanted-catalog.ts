import type { Digest } from '../oci/digest.ts';
import type { Place } from '../oci/destination.ts';
import type { WantingEntry } from './wanted-image.ts';

/**
 * An operator catalog that should be at one place, and the bundles in it; found by `resolve/`. Its image, and those
 * of its bundles, are `WantedImage`s beside it.
 */
export interface WantedCatalog {
  readonly place: Place;
  /** The full reference of the source. */
  readonly source: string;
  readonly sourceDigest: Digest;
  /** Of all that the built image is made from; absent: an unmodified copy. */
  readonly inputs?: Digest;
  /** The path of its CatalogSource template, as `configurations` of the lock has it. */
  readonly template?: string;
  /** The bundles that the filter selects and the catalog lists. */
  readonly bundles: readonly WantedBundle[];
  /** Those that the filter selects and that cannot be installed, whatever is copied: they are left out. */
  readonly without: readonly BundleFault[];
  /** The packages of these bundles, sorted by name. */
  readonly packages: readonly WantedPackage[];
  readonly entries: readonly WantingEntry[];
}

/** A package, and the entry that wants it: of the package list where there is one, else of the catalog. */
export interface WantedPackage {
  readonly name: string;
  readonly entry: WantingEntry;
}

export interface WantedBundle {
  readonly package: string;
  readonly bundle: string;
  readonly version: string;
  /** Sorted. */
  readonly channels: readonly string[];
  /** Of its own image and its related ones, but for those that are blocked. */
  readonly places: readonly Place[];
}

export interface BundleFault {
  readonly package: string;
  readonly bundle: string;
  /** That it would be in; sorted. */
  readonly channels: readonly string[];
  /** For people, e.g. `related image "" of pit.v1.0.0 is empty`. */
  readonly reason: string;
}
