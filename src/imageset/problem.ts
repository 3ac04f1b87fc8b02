import type { FieldProblem } from '../base/field-problem.ts';

/** What an entry is about; `mirror` has an exit bit for each (spec, config-and-outputs, 8.6). */
export type ContentType = 'release' | 'operator' | 'additional' | 'helm';

/**
 * Something wrong in an image set. The reference tool refuses some of it when it loads the file, and some only
 * when it collects the images of one content type (spec, config-and-outputs, 1.5, "Checked later"). To the
 * controller and to `validate` both are errors of the file; `mirror` needs the difference for its exit code.
 */
export interface Problem extends FieldProblem {
  readonly stage: 'load' | 'collect';
  /** With the stage `collect`: whose exit bit it is. */
  readonly content?: ContentType;
}

const CONTENT_OF_FIELD: Readonly<Record<string, ContentType>> = {
  platform: 'release',
  operators: 'operator',
  additionalImages: 'additional',
  helm: 'helm',
};

/** The content type of a field below `mirror` or `delete`; undefined for what has none (`blockedImages`, `samples`). */
export function contentTypeOf(field: string | number | undefined): ContentType | undefined {
  return typeof field === 'string' ? CONTENT_OF_FIELD[field] : undefined;
}
