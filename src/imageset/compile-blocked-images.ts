import type { EntryPosition } from '../base/entry-position.ts';
import { compilePattern } from './compile-pattern.ts';
import type { ImageSetDocument } from './image-set-document.ts';

/** The pattern that blocks a reference, and where it stands. */
export interface BlockingPattern {
  readonly position: EntryPosition;
  readonly pattern: string;
}

/** The pattern that blocks a reference, if one does. */
export type BlockedBy = (reference: string) => BlockingPattern | undefined;

/**
 * What the `blockedImages` of one document block; they say nothing about the images of other documents. The first
 * pattern that is found anywhere in the source reference, without its transport, wins (design.md, section 8).
 */
export function compileBlockedImages(
  document: Pick<ImageSetDocument, 'kind' | 'content' | 'positionOf'>,
): BlockedBy {
  const patterns = (document.content.blockedImages ?? []).flatMap(({ name }, index) => {
    const { matches } = compilePattern(name);
    if (matches === undefined) return [];
    const position = document.positionOf([document.kind, 'blockedImages', index]);
    return [{ matches, blocking: { position, pattern: name } }];
  });
  return (reference) => {
    const bare = reference.replace(/^[^/]*?:\/\//, '');
    return patterns.find(({ matches }) => matches(bare))?.blocking;
  };
}
