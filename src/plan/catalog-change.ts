import type { BundleFault } from '../lock/wanted-catalog.ts';
import type { WantingEntry } from '../lock/wanted-image.ts';
import type { Digest } from '../oci/digest.ts';

/** What a plan does to one operator catalog (design.md, section 5, step 4), for people and machines. */
export interface CatalogChange {
  /** The place as the lock writes it. */
  readonly destination: string;
  /** Of its resources, without `cs-` and `cc-`. */
  readonly name: string;
  /**
   * `stays`: what is published stays, since its entry fails or the new one would lack bundles (`lost`). `orphaned`:
   * nobody wants it from this plan on, `orphan`: nobody did before; its resources stay. `gone`: its resources go. `returned`: its delete is called off.
   */
  readonly change:
    'new' | 'updated' | 'unchanged' | 'stays' | 'orphaned' | 'orphan' | 'gone' | 'returned';
  /** What it is made from now, and what the published one was made from. */
  readonly source?: CatalogOrigin;
  readonly previous?: CatalogOrigin;
  /** The catalog whose place it takes, at another destination: clusters see resources of another name. */
  readonly renamedFrom?: { readonly destination: string; readonly name: string };
  /** Published bundles that are still wanted and that the new catalog would lack. */
  readonly lost: readonly string[];
  readonly counts: BundleCounts;
  /** Those with changes or with bundles that are left out, sorted by name. */
  readonly packages: readonly PackageChange[];
}

export interface CatalogOrigin {
  readonly source: string;
  readonly digest: Digest;
}

/** Distinct bundles, whatever number of channels they are in. */
export interface BundleCounts {
  /** That the catalog lists. */
  readonly total: number;
  readonly added: number;
  readonly gone: number;
  readonly superseded: number;
  readonly leftOut: number;
}

export interface PackageChange {
  readonly name: string;
  readonly change: 'new' | 'changed' | 'gone' | 'unchanged';
  /** The entry that wants it; absent of a package that goes. */
  readonly entry?: WantingEntry;
  /** Those with changes, sorted by name. */
  readonly channels: readonly ChannelChange[];
  /** Bundles that are wanted and not listed, with the reason. */
  readonly leftOut: readonly BundleFault[];
}

/** Names of bundles, newest first. */
export interface ChannelChange {
  readonly channel: string;
  readonly added: readonly string[];
  /** The files changed, and select them no longer. */
  readonly gone: readonly string[];
  /** The catalog moved on; the files did not change. */
  readonly superseded: readonly string[];
}
