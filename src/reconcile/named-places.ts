import { ControllerError } from '../base/controller-error.ts';
import { type FieldProblem, compareProblems } from '../base/field-problem.ts';
import type { ImageSetDocument } from '../imageset/image-set-document.ts';
import type { Lock } from '../lock/lock.ts';
import type { WantedCatalog } from '../lock/wanted-catalog.ts';
import { type Destination, formatDestination, placeAdditionalImage } from '../oci/destination.ts';
import { formatReference, parseReference } from '../oci/reference.ts';
import { isCarriedOut } from '../plan/carried-out.ts';
import type { DeletionFile, NamedPlace, PlannedFile } from '../plan/plan-input.ts';
import { additionalEntries } from '../resolve/additional-entries.ts';
import { chooseForDelete } from '../resolve/operators/choose-for-delete.ts';
import { chooseReleasesForDelete } from '../resolve/releases/choose-for-delete.ts';
import { placesToDelete } from './catalogs/places-to-delete.ts';

/**
 * The places that `additionalImages` fill, without asking anybody: of an ImageSetConfiguration what it wants, of a
 * DeleteImageSetConfiguration what it names, since both name the same places (design.md, section 5, "Deletes").
 * The entries were validated when they were loaded.
 */
export function namedPlaces(
  documents: readonly ImageSetDocument[],
  destination: Destination,
): NamedPlace[] {
  return additionalEntries(documents).entries.flatMap((additional) => {
    try {
      const reference = parseReference(additional.name);
      const place = placeAdditionalImage(reference, additional, destination);
      return [{ place, source: formatReference(reference), entry: additional.entry }];
    } catch (error) {
      if (error instanceof ControllerError) return [];
      throw error;
    }
  });
}

export interface DeletionQuestion {
  readonly files: readonly PlannedFile[];
  readonly documents: readonly ImageSetDocument[];
  readonly destination: Destination;
  /** The mirror's own, among whose bundles and releases is chosen. */
  readonly lock: Lock | undefined;
  /** The catalogs that its image sets want, as far as that is known. */
  readonly catalogs: readonly WantedCatalog[];
}

/** The delete files of a mirror with the places that each names. */
export interface NamedByDeletions {
  readonly files: readonly DeletionFile[];
  /** Entries of files that are new or changed and that choose nothing. */
  readonly warnings: readonly FieldProblem[];
}

/** @param question nothing is asked: what operators and releases name is in the lock. */
export function deletionFiles(question: DeletionQuestion): NamedByDeletions {
  const { files, documents, destination } = question;
  const lock =
    question.lock?.destination === formatDestination(destination) ? question.lock : undefined;
  const carriedOut = lock?.deletions ?? [];
  const deletes = documents.filter(({ kind }) => kind === 'delete');
  const asked = files.map((file) => {
    const own = deletes.filter((document) => document.path === file.path);
    // What a file that is carried out chose is gone; what is there now came later.
    const choosing = isCarriedOut(file, carriedOut) ? [] : own;
    const choices = choosing.map((document) =>
      chooseForDelete(document, lock ?? NOTHING, destination),
    );
    const releases = choosing.map((document) =>
      chooseReleasesForDelete(document, lock ?? NOTHING, destination),
    );
    return { file, own, choices, releases };
  });
  const all = asked.flatMap(({ choices }) => choices);
  const placesOf = placesToDelete(all, { lock, catalogs: question.catalogs, destination });
  return {
    files: asked.map(({ file: { path, blob }, own, choices, releases }) => {
      // Of two entries for one place the last counts: an image that is named itself is meant.
      const places = [
        ...choices.flatMap(placesOf),
        ...releases.flatMap((chosen) => chosen.places),
        ...namedPlaces(own, destination),
      ];
      return { path, blob, places };
    }),
    warnings: asked
      .filter(({ file: { path, blob } }) =>
        carriedOut.every((line) => line.path !== path || line.blob !== blob),
      )
      .flatMap(({ choices, releases }) => [...choices, ...releases])
      .flatMap(({ warnings }) => warnings)
      .sort(compareProblems),
  };
}

const NOTHING = { catalogs: [], bundles: [], releases: [], images: [], deleting: [] };
