import type { EntryFailure } from '../lock/entry-failure.ts';
import type { DeletingImage, LockedDeletion, LockedImage } from '../lock/lock.ts';
import type { ImageKind, WantedImage, WantingEntry } from '../lock/wanted-image.ts';
import type { Platform } from '../oci/descriptor.ts';
import type { Place } from '../oci/destination.ts';
import type { Digest } from '../oci/digest.ts';
import type { PlannedFile } from './plan-input.ts';
import type { PlannedCatalog } from './planned-catalog.ts';
import type { PlannedRelease } from './planned-release.ts';

/**
 * What a pass would do (design.md, section 5, step 4). Everything is sorted; the same input gives the same
 * plan and the same hash on any machine.
 */
export interface Plan {
  readonly mirror: string;
  /** Without transport, as the lock has it. */
  readonly destination: string;
  /** For people: the branch or whatever named the commit; of files that are in no commit '' and where they are. */
  readonly source: { readonly commit: string; readonly branch: string };
  /** Images for places where the lock has none. */
  readonly adds: readonly PlannedImage[];
  /** Images for places that the lock has with another digest or fewer platforms. */
  readonly updates: readonly PlannedUpdate[];
  /** Images that the lock has and that stay wanted. */
  readonly keeps: readonly LockedImage[];
  /** Images that nobody wants any more and that stay until they are deleted. */
  readonly orphans: readonly PlannedOrphan[];
  /** Images that manifests stop naming in this pass, to be deleted after their grace. */
  readonly deletes: readonly PlannedDelete[];
  /** Images whose delete was asked for and is not done. */
  readonly held: readonly HeldDelete[];
  /** Lines of `deleting` whose delete is no longer asked for; they are back if they are still there. */
  readonly returns: readonly LockedImage[];
  /** Lines of `deleting` that stay in it. */
  readonly deleting: readonly DeletingImage[];
  /** Operator catalogs, sorted by destination. */
  readonly catalogs: readonly PlannedCatalog[];
  /** Releases, sorted by version. */
  readonly releases: readonly PlannedRelease[];
  readonly failures: readonly EntryFailure[];
  /** Bytes of distinct blobs that the destination is not known to have. */
  readonly bytesToMove: number;
  readonly configurations: readonly PlannedFile[];
  /** Delete files, with what of them waits. */
  readonly deletions: readonly LockedDeletion[];
  /** Of all that the plan changes at the registry. */
  readonly hash: Digest;
}

/** One image at one place, with all that want it. */
export interface PlannedImage {
  readonly place: Place;
  /** The place as the lock writes it. */
  readonly destination: string;
  readonly digest: Digest;
  /** References it can be pulled by, sorted, each with the paths of the files that name it. */
  readonly sources: readonly PlannedSource[];
  readonly kind: ImageKind;
  readonly platforms?: readonly Platform[];
  /** Of a graph image: what it was built from. */
  readonly builtFrom?: NonNullable<WantedImage['builtFrom']>;
  readonly entries: readonly WantingEntry[];
}

export interface PlannedSource {
  readonly source: string;
  readonly wantedBy: readonly string[];
}

export interface PlannedUpdate extends PlannedImage {
  readonly change: 'digest' | 'platforms';
  /** The lines that it replaces; they stay if it fails. */
  readonly previous: readonly LockedImage[];
}

export interface PlannedOrphan {
  readonly line: LockedImage;
  /** Whether the lock still has it as wanted. */
  readonly isNew: boolean;
}

export interface PlannedDelete {
  readonly line: LockedImage;
  /** The path of a delete file, or `prune`. */
  readonly reason: string;
  /** The entry that named it; absent for `prune`. */
  readonly entry?: WantingEntry;
}

export interface HeldDelete {
  readonly destination: string;
  readonly digest?: Digest;
  /** The path of a delete file, or `prune`. */
  readonly reason: string;
  readonly entry?: WantingEntry;
  /** Why it waits, for people. */
  readonly why: string;
}

/** `reason` of deletes that follow from a removal under `deletion.policy: prune`. */
export const PRUNE = 'prune';

/** Whether the plan changes nothing at the registry. */
export function isQuiet(plan: Plan): boolean {
  return plan.adds.length + plan.updates.length + plan.deletes.length + plan.returns.length === 0;
}
