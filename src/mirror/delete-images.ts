import { ControllerError } from '../base/controller-error.ts';
import { forEachConcurrently } from '../base/for-each-concurrently.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageTarget } from '../oci/ends.ts';
import type { ManifestCache } from '../store/manifest-cache.ts';
import { deleteFromRepository } from './delete-from-repository.ts';

/** A place to be emptied, and what is expected there. */
export interface ImageDelete {
  /** The name that `targetOf` knows the repository by. */
  readonly repository: string;
  readonly tag: string;
  readonly digest: Digest;
}

export type DeleteOutcome =
  | { readonly kind: 'deleted' }
  /** It was gone already. */
  | { readonly kind: 'gone' }
  /** Something else needs it, or it could not be made sure that nothing does. */
  | { readonly kind: 'held'; readonly reason: string }
  | { readonly kind: 'failed'; readonly error: ControllerError }
  /** The pass was stopped before. */
  | { readonly kind: 'not-started' };

export interface DeleteOptions {
  readonly manifests: ManifestCache;
  /** Whether signatures and referrers go with their images; default: yes. */
  readonly attachments?: boolean;
  /** Repositories at once; default 4. */
  readonly parallelRepositories?: number;
  /** Requests at once in a repository; default 8. */
  readonly parallelRequests?: number;
  /** Told as soon as a place is settled. */
  readonly onOutcome?: (place: ImageDelete, outcome: DeleteOutcome) => void;
}

/**
 * Deletes images by the rules of design.md, section 5, "Deletes": nothing that a tag outside the deletes or an
 * index that stays names; instances of indexes and blobs are left to the registry's garbage collection.
 * Repeatable, and safe to be stopped anywhere: what is gone counts as done.
 *
 * @returns the outcome of every place, in the order of `deletes`. Failures are outcomes.
 */
export async function deleteImages(
  deletes: readonly ImageDelete[],
  targetOf: (repository: string) => ImageTarget,
  options: DeleteOptions,
  signal: AbortSignal,
): Promise<ReadonlyMap<ImageDelete, DeleteOutcome>> {
  const outcomes = new Map<ImageDelete, DeleteOutcome>(
    deletes.map((place) => [place, { kind: 'not-started' }]),
  );
  function settle(place: ImageDelete, outcome: DeleteOutcome): void {
    outcomes.set(place, outcome);
    options.onOutcome?.(place, outcome);
  }

  const isStopped = (): boolean => signal.aborted;
  const repositories = Map.groupBy(deletes, ({ repository }) => repository);
  // Not the caller's signal: an abort is no error here, and repositories do not stop one another.
  const limits = { limit: options.parallelRepositories ?? 4, signal: new AbortController().signal };
  await forEachConcurrently(repositories, limits, async ([repository, places]) => {
    if (isStopped()) return;
    try {
      await deleteFromRepository(targetOf(repository), places, options, settle, signal);
    } catch (error) {
      if (isStopped()) return;
      const unsettled = places.filter((place) => outcomes.get(place)?.kind === 'not-started');
      for (const place of unsettled)
        settle(place, { kind: 'failed', error: asControllerError(error, repository) });
    }
  });
  return outcomes;
}

function asControllerError(error: unknown, repository: string): ControllerError {
  if (error instanceof ControllerError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new ControllerError('INTERNAL', `deleting from ${repository} failed: ${reason}`, {
    remedy: 'retry-later',
    hint: 'This is a defect; please report it.',
    cause: error,
  });
}
