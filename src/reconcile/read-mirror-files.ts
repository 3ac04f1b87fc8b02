import { compareText } from '../base/compare-text.ts';
import { ControllerError } from '../base/controller-error.ts';
import { type FieldProblem, compareProblems } from '../base/field-problem.ts';
import type { ImageSetDocument } from '../imageset/image-set-document.ts';
import { type ConfigurationFile, loadImageSets } from '../imageset/load-image-sets.ts';
import type { PlannedFile } from '../plan/plan-input.ts';
import { unsupportedContent } from '../resolve/unsupported-content.ts';
import type { FileTree, TreeFile } from './file-tree.ts';

/** What the files of one mirror say at a commit. */
export interface MirrorFiles {
  readonly documents: readonly ImageSetDocument[];
  /** The files with an ImageSetConfiguration. */
  readonly configurations: readonly PlannedFile[];
  /** The files with a DeleteImageSetConfiguration. */
  readonly deletions: readonly PlannedFile[];
  /** Not empty: nothing of this mirror changes (design.md, section 5, step 2). */
  readonly problems: readonly FieldProblem[];
  readonly warnings: readonly FieldProblem[];
}

const FILE_LIMIT_BYTES = 1024 * 1024;
const IS_CONFIGURATION = /\.(?:ya?ml|json)$/;

/**
 * Reads the paths of a mirror's settings: files by name, folders to any depth (`*.yaml`, `*.yml`, `*.json`). All
 * problems of all files are found at once. A path that is missing, or that holds neither kind, is a problem.
 */
export async function readMirrorFiles(
  tree: FileTree,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<MirrorFiles> {
  const files = new Map<string, ConfigurationFile>();
  const blobs = new Map<string, string>();
  const problems: FieldProblem[] = [];
  const warnings: FieldProblem[] = [];

  async function take(file: TreeFile, named: boolean): Promise<void> {
    if (file.kind !== 'file') {
      const hint = 'Links are not followed: put the file itself there.';
      const problem = problemAt(file.path, `this is a ${file.kind}, not a file`, hint);
      (named ? problems : warnings).push(problem);
      return;
    }
    try {
      const text = await tree.read(file, FILE_LIMIT_BYTES, signal);
      files.set(file.path, { path: file.path, text, named });
      blobs.set(file.path, file.blob);
    } catch (error) {
      if (!(error instanceof ControllerError)) throw error;
      problems.push(problemAt(file.path, error.message, error.hint));
    }
  }

  const listed = new Map<string, readonly TreeFile[]>();
  for (const path of paths) {
    const found = await tree.list(path, signal);
    if (found === undefined) {
      const hint = 'Correct `paths` in the settings, or add the file.';
      problems.push(problemAt(path, `there is no such file or folder in ${tree.name}`, hint));
      continue;
    }
    listed.set(path, found);
    for (const file of found) {
      const named = file.path === path.replace(/\/+$/, '');
      if (named || IS_CONFIGURATION.test(file.path)) await take(file, named);
    }
  }

  const loaded = loadImageSets([...files.values()]);
  problems.push(
    ...loaded.problems,
    ...unsupportedContent(loaded.documents),
    ...emptyPaths(listed, loaded),
  );
  const having = (kind: ImageSetDocument['kind']): PlannedFile[] =>
    [
      ...new Set(
        loaded.documents.filter((document) => document.kind === kind).map(({ path }) => path),
      ),
    ]
      .sort(compareText)
      .map((path) => ({ path, blob: blobs.get(path) ?? '' }));
  return {
    documents: loaded.documents,
    configurations: having('mirror'),
    deletions: having('delete'),
    problems: problems.sort(compareProblems),
    warnings: [...warnings, ...loaded.warnings].sort(compareProblems),
  };
}

/** Folders in which no file is of either kind: more often a typing error than a wish for nothing. */
function emptyPaths(
  listed: ReadonlyMap<string, readonly TreeFile[]>,
  {
    documents,
    problems,
  }: {
    readonly documents: readonly ImageSetDocument[];
    readonly problems: readonly FieldProblem[];
  },
): FieldProblem[] {
  const known = new Set([
    ...documents.map(({ path }) => path),
    ...problems.map(({ position }) => position.path),
  ]);
  return [...listed]
    .filter(([, files]) => !files.some(({ path }) => known.has(path)))
    .map(([path]) =>
      problemAt(
        path,
        'there is neither an ImageSetConfiguration nor a DeleteImageSetConfiguration here',
        'Correct `paths` in the settings, or add an image set; one with an empty `mirror: {}` wants nothing.',
      ),
    );
}

function problemAt(path: string, message: string, hint: string | undefined): FieldProblem {
  const problem = { position: { path, line: 1, column: 1 }, field: '', message };
  return hint === undefined ? problem : { ...problem, hint };
}
