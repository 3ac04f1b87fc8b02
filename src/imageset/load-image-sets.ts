import { compareText } from '../base/compare-text.ts';
import { compareProblems } from '../base/field-problem.ts';
import { readYaml } from '../base/yaml-document.ts';
import { checkAcrossDocuments } from './across-documents.ts';
import { type ImageSetDocument, readImageSetDocument } from './image-set-document.ts';
import type { Problem } from './problem.ts';

export interface ConfigurationFile {
  readonly path: string;
  readonly text: string;
  /** Given by its name, not found in a folder: then it has to be an image set. */
  readonly named: boolean;
}

export interface LoadedImageSets {
  /** The documents without problems of the stage `load`, by file and position. */
  readonly documents: ImageSetDocument[];
  /** All problems of all files, sorted. Not empty: nothing may be done with the documents, but see `Problem.stage`. */
  readonly problems: Problem[];
  readonly warnings: Problem[];
  /** The files that hold neither kind. */
  readonly ignored: string[];
}

/**
 * Reads the files of one mirror, in any order, with every check that needs no request.
 *
 * @param isOneMirror false where the files may belong to several mirrors: what two files must not have in one
 *   mirror is a warning then.
 */
export function loadImageSets(
  files: readonly ConfigurationFile[],
  { isOneMirror = true }: { readonly isOneMirror?: boolean } = {},
): LoadedImageSets {
  const read = files
    .toSorted((left, right) => compareText(left.path, right.path))
    .map((file) => readFile(file));
  const documents = read.flatMap((file) => file.documents);
  const problems = read.flatMap((file) => file.problems);
  const warnings = read.flatMap((file) => file.warnings);
  for (const { problem, isWithinFile } of checkAcrossDocuments(documents)) {
    (isOneMirror || isWithinFile ? problems : warnings).push(problem);
  }
  return {
    documents,
    problems: problems.sort(compareProblems),
    warnings: warnings.sort(compareProblems),
    ignored: read.flatMap(({ path, isIgnored }) => (isIgnored ? [path] : [])),
  };
}

interface ReadFile {
  readonly path: string;
  readonly documents: readonly ImageSetDocument[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly isIgnored: boolean;
}

function readFile({ path, text, named }: ConfigurationFile): ReadFile {
  const file = readYaml(path, text);
  const documents: ImageSetDocument[] = [];
  const problems: Problem[] = file.problems.map((problem) => ({ ...problem, stage: 'load' }));
  const warnings: Problem[] = [];
  let isOurs = problems.length > 0;
  for (const yaml of file.documents) {
    // An empty document is what a `---` too many leaves.
    if (yaml.value === null) continue;
    const read = readImageSetDocument(path, yaml);
    if (read.kind === 'foreign') {
      const { message, hint } = read;
      const position = yaml.positionOf(['kind']);
      if (named) problems.push({ position, field: '', message, hint, stage: 'load' });
      continue;
    }
    isOurs = true;
    if (read.document !== undefined) documents.push(read.document);
    problems.push(...read.problems);
    warnings.push(...read.warnings);
  }
  if (named && !isOurs && problems.length === 0) {
    const position = { path, line: 1, column: 1 };
    const hint = 'Write an ImageSetConfiguration or a DeleteImageSetConfiguration.';
    problems.push({ position, field: '', message: 'the file is empty', hint, stage: 'load' });
  }
  return { path, documents, problems, warnings, isIgnored: !isOurs && !named };
}
