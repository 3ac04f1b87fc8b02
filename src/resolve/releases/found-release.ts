import type { FieldProblem } from '../../base/field-problem.ts';
import type { EntryFailure } from '../../lock/entry-failure.ts';
import type { WantingEntry } from '../../lock/wanted-image.ts';
import type { WantedRelease } from '../../lock/wanted-release.ts';
import type { ReleaseSignature } from '../../release/signature/release-signature.ts';
import type { ImageRequest } from '../image-request.ts';

/** A release whose payload was read. */
export interface FoundRelease extends Omit<WantedRelease, 'signature'> {
  /** Absent where the payload is taken unsigned. */
  readonly signature?: ReleaseSignature;
  /** The payload's request, by digest under its tag, is the last one; before it those of the components. */
  readonly requests: readonly ImageRequest[];
}

export interface FoundReleases {
  /** Each once, sorted by place. */
  readonly releases: readonly FoundRelease[];
  /** Entries that could not be resolved; they fail alone. */
  readonly failures: readonly EntryFailure[];
  /** Sorted. */
  readonly warnings: readonly FieldProblem[];
  /** The entries that want the graph image; none: nobody does. */
  readonly graph: readonly WantingEntry[];
}
