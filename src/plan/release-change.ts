import type { LockedRelease } from '../lock/lock.ts';
import type { WantingEntry } from '../lock/wanted-image.ts';
import type { PlannedDelete } from './plan.ts';

/** What a plan does to one release (design.md, section 5, step 4), for people and machines. */
export interface ReleaseChange {
  /** The payload's tag. */
  readonly release: string;
  /**
   * `incomplete`: a component cannot be had (`missing`), so its payload is not published. `stays`: an entry that wants it
   * fails. `orphaned`: nobody wants it from this plan on, `orphan`: nobody did before. `superseded`: nobody wants it,
   * though no file changed. `returned`: its delete is called off.
   */
  readonly change:
    | 'new'
    | 'updated'
    | 'unchanged'
    | 'incomplete'
    | 'stays'
    | 'orphaned'
    | 'orphan'
    | 'superseded'
    | 'gone'
    | 'returned';
  /** What it is from now on; absent where no entry could be resolved to it. */
  readonly line?: LockedRelease;
  /** What the lock has of it. */
  readonly previous?: LockedRelease;
  readonly images: ReleaseImages;
  /** Bytes of distinct blobs that the destination is not known to have; what several releases share counts for the first. */
  readonly bytesToMove: number;
  /** Places of components for which nothing is planned, as the lock writes them. */
  readonly missing: readonly string[];
  /** The entries that want it. */
  readonly entries: readonly WantingEntry[];
  /** Of one that goes: who asks for it. */
  readonly askedBy?: Pick<PlannedDelete, 'reason' | 'entry'>;
}

/** Numbers of images of a release, payload included. */
export interface ReleaseImages {
  readonly total: number;
  /** That get a place, and whose place gets another image. */
  readonly added: number;
  readonly updated: number;
  /** Of these, those that the destination has under no other name. */
  readonly fresh: number;
  readonly gone: number;
}
