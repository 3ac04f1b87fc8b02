import type { EntryPosition } from '../base/entry-position.ts';
import type { Digest } from '../oci/digest.ts';
import type { Place } from '../oci/destination.ts';
import type { Platform } from '../oci/descriptor.ts';

/**
 * What an image is for (spec, config-and-outputs, section 0, with our names). It decides the mirror set
 * that names it, and the order of copying: what is named first, what names it last.
 */
export type ImageKind =
  | 'release-component'
  | 'release'
  | 'graph'
  | 'related-image'
  | 'additional'
  | 'helm'
  | 'bundle'
  | 'catalog';

/** One image that should be at one place, found by `resolve/`. Two sources of one place are two of these. */
export interface WantedImage {
  readonly place: Place;
  readonly digest: Digest;
  /** The full reference it is pulled by: `host/repository:tag`, `…@digest`, both, or `oci://directory`. */
  readonly source: string;
  readonly kind: ImageKind;
  /** Only these instances of an index; absent: all. Sorted. */
  readonly platforms?: readonly Platform[];
  /** Of a graph image: what it was built from, as the lock has it. */
  readonly builtFrom?: { readonly data: Digest; readonly base: string };
  /** The entries that want it; at least one. */
  readonly entries: readonly WantingEntry[];
}

/** An entry of an image set that wants an image. */
export interface WantingEntry {
  readonly position: EntryPosition;
  /** The path in the document, e.g. `mirror.additionalImages[3]`. */
  readonly field: string;
}
