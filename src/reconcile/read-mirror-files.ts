import { compareText } from '../base/compare-text.ts';
import { type FieldProblem, compareProblems } from '../base/field-problem.ts';
import { formatBytes } from '../base/format-bytes.ts';
import { YAML_LIMITS, fileTooLarge } from '../base/yaml-document.ts';
import type { ImageSetDocument } from '../imageset/image-set-document.ts';
import { type ConfigurationFile, loadImageSets } from '../imageset/load-image-sets.ts';
import type { PlannedFile } from '../plan/plan-input.ts';
import { unsupportedContent } from '../resolve/unsupported-content.ts';
import type { FileTree, TreeFile } from './file-tree.ts';
import { readTemplates } from './read-templates.ts';

/** What the files of one mirror say at a commit. */
export interface MirrorFiles {
  readonly documents: readonly ImageSetDocument[];
  /** The files with an ImageSetConfiguration, and those that they name. */
  readonly configurations: readonly PlannedFile[];
  /** The texts of CatalogSource templates, by path. */
  readonly templates: ReadonlyMap<string, string>;
  /** The files with a DeleteImageSetConfiguration. */
  readonly deletions: readonly PlannedFile[];
  /** Not empty: nothing of this mirror changes (design.md, section 5, step 2). */
  readonly problems: readonly FieldProblem[];
  readonly warnings: readonly FieldProblem[];
}

const FILE_LIMIT_BYTES = YAML_LIMITS.bytes;
/** Of all files of a mirror: far above what people write, and little enough to be held in memory with all positions. */
const TOTAL_LIMIT_BYTES = 64 * 1024 * 1024;
const IS_CONFIGURATION = /\.(?:ya?ml|json)$/;
/** What a link of such a name may lead to holds image sets, or is a folder that may. */
const MAY_HOLD_CONFIGURATION = /(?:^|\/)[^./]+$|\.(?:ya?ml|json)$/;

/**
 * Reads the paths of a mirror's settings: files by name, folders to any depth (`*.yaml`, `*.yml`, `*.json`). All
 * problems of all files are found at once. A path that is missing, or that holds neither kind, is a problem.
 */
export async function readMirrorFiles(
  tree: FileTree,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<MirrorFiles> {
  const problems: FieldProblem[] = [];
  const warnings: FieldProblem[] = [];
  const listed = new Map<string, readonly TreeFile[]>();
  const chosen = new Map<string, TreeFile & { readonly named: boolean }>();
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
      if (file.kind !== 'file') {
        const link = linkProblem(file);
        if (named) problems.push(link);
        else if (MAY_HOLD_CONFIGURATION.test(file.path)) warnings.push(link);
      } else if (named || IS_CONFIGURATION.test(file.path)) {
        const isNamed = named || chosen.get(file.path)?.named === true;
        chosen.set(file.path, { ...file, named: isNamed });
      }
    }
  }

  const files: ConfigurationFile[] = [];
  const blobs = new Map<string, string>();
  let bytes = 0;
  for await (const { file, text } of tree.read([...chosen.values()], FILE_LIMIT_BYTES, signal)) {
    const { path, blob } = file;
    bytes += Buffer.byteLength(text ?? '');
    if (bytes > TOTAL_LIMIT_BYTES) {
      const message = `with this file the configuration of the mirror has more than ${formatBytes(TOTAL_LIMIT_BYTES)}`;
      problems.push(
        problemAt(path, message, 'Divide it among several mirrors, or shorten `paths`.'),
      );
      break;
    }
    if (text === undefined) problems.push(fileTooLarge(path));
    else files.push({ path, text, named: chosen.get(path)?.named === true });
    blobs.set(path, blob);
  }

  const loaded = loadImageSets(files);
  problems.push(...loaded.problems, ...unsupportedContent(loaded.documents));
  const mirroring = loaded.documents.filter(({ kind }) => kind === 'mirror');
  const templates = await readTemplates(tree, mirroring, signal);
  problems.push(...templates.problems);
  problems.push(...emptyPaths(listed, loaded.documents, problems));
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
    configurations: [...having('mirror'), ...templates.files],
    templates: templates.texts,
    deletions: having('delete'),
    problems: problems.sort(compareProblems),
    warnings: [...warnings, ...loaded.warnings, ...templates.warnings].sort(compareProblems),
  };
}

/** Links would let a repository name files of anywhere; what a submodule holds is in another repository. */
function linkProblem({ path, kind }: TreeFile): FieldProblem {
  return kind === 'submodule'
    ? problemAt(path, 'this is a submodule, which is not read', 'Put the files themselves here.')
    : problemAt(path, 'this is a symlink, which is not followed', 'Put the file itself here.');
}

/** Folders in which no file is of either kind: more often a typing error than a wish for nothing. */
function emptyPaths(
  listed: ReadonlyMap<string, readonly TreeFile[]>,
  documents: readonly ImageSetDocument[],
  problems: readonly FieldProblem[],
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

function problemAt(path: string, message: string, hint: string): FieldProblem {
  return {
    position: { path: path === '' ? '.' : path, line: 1, column: 1 },
    field: '',
    message,
    hint,
  };
}
