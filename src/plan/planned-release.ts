import type { LockedRelease } from '../lock/lock.ts';
import type { WantingEntry } from '../lock/wanted-image.ts';
import type { Digest } from '../oci/digest.ts';

/** An OpenShift or OKD release of a plan: where its images go, what of it is new, and what the lock has of it. */
export interface PlannedRelease {
  /** The place of its payload as the lock writes it. */
  readonly destination: string;
  /** The payload's tag. */
  readonly release: string;
  readonly payload: Digest;
  /** Sorted; empty where an image set names it itself. */
  readonly channels: readonly string[];
  /** Absent where the payload is taken unsigned. */
  readonly signature?: Digest;
  /** The places of its components that are not blocked, as the lock writes them. Sorted. */
  readonly components: readonly string[];
  readonly entries: readonly WantingEntry[];
  /** Of its images, those whose content the destination is not known to have under any name; what several releases have counts for the first. */
  readonly newImages: number;
  /** Bytes of distinct blobs that the destination is not known to have; counted likewise. */
  readonly bytesToMove: number;
  /** What the lock has under that name. */
  readonly previous?: LockedRelease;
}
