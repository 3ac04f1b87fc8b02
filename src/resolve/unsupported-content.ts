import type { ImageSetDocument } from '../imageset/image-set-document.ts';
import { type Problem, contentTypeOf } from '../imageset/problem.ts';

const NAMES = {
  platform: 'OpenShift and OKD releases',
  helm: 'helm charts',
} as const;

/**
 * Content that image sets can ask for and this version cannot mirror. It is never skipped silently: the
 * mirror is `Stalled`, and `mirror` stops before it copies anything.
 */
export function unsupportedContent(
  documents: readonly ImageSetDocument[],
  fields: readonly (keyof typeof NAMES)[] = ['platform', 'helm'],
): Problem[] {
  return documents.flatMap((document) =>
    fields.flatMap((field) => {
      const content = contentTypeOf(field);
      if (document.content[field] === undefined || content === undefined) return [];
      const problem: Problem = {
        position: document.positionOf([document.kind, field]),
        field: `${document.kind}.${field}`,
        message: `this version does not mirror ${NAMES[field]}`,
        hint: 'Move it to a mirror of its own or take it out; additionalImages and operators are mirrored.',
        stage: 'collect',
        content,
      };
      return [problem];
    }),
  );
}
