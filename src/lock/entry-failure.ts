import type { ControllerError } from '../base/controller-error.ts';
import type { WantingEntry } from './wanted-image.ts';

/** Entries that could not be resolved, or whose image could not be mirrored. They fail alone (design.md, section 5, step 3). */
export interface EntryFailure {
  readonly entries: readonly WantingEntry[];
  /** What they asked for, as written. */
  readonly wanted: string;
  readonly error: ControllerError;
}
