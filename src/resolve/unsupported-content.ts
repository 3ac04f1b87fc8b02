import type { ImageSetDocument } from '../imageset/image-set-document.ts';
import type { Problem } from '../imageset/problem.ts';

/**
 * Content that image sets can ask for and this version cannot mirror. It is never skipped silently: the
 * mirror is `Stalled`, and `mirror` stops before it copies anything.
 */
export function unsupportedContent(documents: readonly ImageSetDocument[]): Problem[] {
  return documents
    .filter(({ content }) => content.helm !== undefined)
    .map((document) => ({
      position: document.positionOf([document.kind, 'helm']),
      field: `${document.kind}.helm`,
      message: 'this version does not mirror helm charts',
      hint: 'Move it to a mirror of its own or take it out; platform, operators and additionalImages are mirrored.',
      stage: 'collect',
      content: 'helm',
    }));
}
