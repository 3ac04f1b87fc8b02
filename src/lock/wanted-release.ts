import type { Digest } from '../oci/digest.ts';
import type { Place } from '../oci/destination.ts';
import type { WantingEntry } from './wanted-image.ts';

/**
 * A release that should be at one place; found by `resolve/`. Its payload and its components are `WantedImage`s beside it,
 * at `place` and at `components`.
 */
export interface WantedRelease {
  /** Of the payload. */
  readonly place: Place;
  /** The payload's tag, e.g. `4.18.9-x86_64`. */
  readonly release: string;
  readonly payload: Digest;
  /** Channels that chose it; empty where an image set names it itself. Sorted. */
  readonly channels: readonly string[];
  /** Of the signature's bytes; absent where the payload is taken unsigned. */
  readonly signature?: Digest;
  /** The places of its components that are not blocked. */
  readonly components: readonly Place[];
  readonly entries: readonly WantingEntry[];
}
