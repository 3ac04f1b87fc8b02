import type { LockedBundle, LockedCatalog } from '../lock/lock.ts';
import type { BundleFault, WantedPackage } from '../lock/wanted-catalog.ts';
import type { WantingEntry } from '../lock/wanted-image.ts';
import type { Digest } from '../oci/digest.ts';

/** An operator catalog of a plan: what its resources are called, what it lists, and what the lock has of it. */
export interface PlannedCatalog {
  /** The place as the lock writes it. */
  readonly destination: string;
  /** Of its resources, without `cs-` or `cc-`. */
  readonly name: string;
  readonly source: string;
  readonly sourceDigest: Digest;
  readonly inputs?: Digest;
  readonly template?: string;
  /** Sorted by package, then bundle. */
  readonly bundles: readonly LockedBundle[];
  readonly without: readonly BundleFault[];
  /** Sorted by name. */
  readonly packages: readonly WantedPackage[];
  readonly entries: readonly WantingEntry[];
  /** What the lock has at the place. */
  readonly previous?: LockedCatalog;
  /** The bundles that the published catalog lists. */
  readonly previousBundles: readonly LockedBundle[];
}
