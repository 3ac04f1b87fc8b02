import type { EntryFailure } from '../lock/entry-failure.ts';
import type { ImageKind, WantingEntry } from '../lock/wanted-image.ts';
import type { Platform } from '../oci/descriptor.ts';
import type { Place } from '../oci/destination.ts';
import type { Digest } from '../oci/digest.ts';
import type { Reference } from '../oci/reference.ts';

/** An image that entries want, before its digest is known. */
export interface ImageRequest {
  /** As the entry, or the catalog that it names, writes it; for messages. */
  readonly name: string;
  readonly reference: Reference;
  /** Where it is known although the reference has none: a release payload was found by digest and is named by tag. */
  readonly digest?: Digest | undefined;
  readonly place: Place;
  readonly kind: ImageKind;
  readonly platforms?: readonly Platform[] | undefined;
  readonly entries: readonly WantingEntry[];
}

/** Images to look up, and entries that are wrong in themselves. */
export interface Requested {
  readonly requests: readonly ImageRequest[];
  readonly failures: readonly EntryFailure[];
}
