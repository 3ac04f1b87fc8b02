import { ControllerError } from '../base/controller-error.ts';
import type { ImageSetDocument } from '../imageset/image-set-document.ts';
import { type Destination, placeAdditionalImage } from '../oci/destination.ts';
import { formatReference, parseReference } from '../oci/reference.ts';
import type { DeletionFile, NamedPlace, PlannedFile } from '../plan/plan-input.ts';
import { additionalEntries } from '../resolve/additional-entries.ts';

/**
 * The places that entries fill, without asking anybody: of an ImageSetConfiguration what it wants, of a
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

/** The delete files of a mirror with the places that each names. */
export function deletionFiles(
  files: readonly PlannedFile[],
  documents: readonly ImageSetDocument[],
  destination: Destination,
): DeletionFile[] {
  const deletes = documents.filter(({ kind }) => kind === 'delete');
  return files.map(({ path, blob }) => {
    const own = deletes.filter((document) => document.path === path);
    return { path, blob, places: namedPlaces(own, destination) };
  });
}
