import type { EntryPosition } from '../base/entry-position.ts';
import { compileBlockedImages } from '../imageset/compile-blocked-images.ts';
import type { ImageSetDocument } from '../imageset/image-set-document.ts';
import type { WantingEntry } from '../lock/wanted-image.ts';
import type { Platform } from '../oci/descriptor.ts';

/** One entry of `additionalImages`, with where it stands. */
export interface AdditionalEntry {
  readonly name: string;
  readonly targetRepo?: string | undefined;
  readonly targetTag?: string | undefined;
  readonly platforms?: readonly Platform[] | undefined;
  readonly entry: WantingEntry;
}

/** The entries of `additionalImages` of documents, and those that their own `blockedImages` leave out. */
export interface AdditionalEntries {
  readonly entries: readonly AdditionalEntry[];
  readonly blocked: readonly BlockedEntry[];
}

export interface BlockedEntry {
  readonly name: string;
  readonly position: EntryPosition;
  /** The pattern that blocks it, and where that stands. */
  readonly pattern: string;
  readonly patternPosition: EntryPosition;
}

/** A pattern counts for the images of its own document (design.md, section 8, last row). */
export function additionalEntries(documents: readonly ImageSetDocument[]): AdditionalEntries {
  const entries: AdditionalEntry[] = [];
  const blocked: BlockedEntry[] = [];
  for (const document of documents) {
    const blockedBy = compileBlockedImages(document);
    for (const [index, image] of (document.content.additionalImages ?? []).entries()) {
      const position = document.positionOf([document.kind, 'additionalImages', index]);
      const pattern = blockedBy(image.name);
      if (pattern === undefined) {
        const field = `${document.kind}.additionalImages[${index}]`;
        entries.push({ ...image, entry: { position, field } });
      } else {
        const { pattern: text, position: patternPosition } = pattern;
        blocked.push({ name: image.name, position, pattern: text, patternPosition });
      }
    }
  }
  return { entries, blocked };
}
