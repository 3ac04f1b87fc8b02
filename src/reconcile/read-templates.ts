import { posix } from 'node:path';
import { compareText } from '../base/compare-text.ts';
import type { FieldProblem } from '../base/field-problem.ts';
import type { ImageSetDocument } from '../imageset/image-set-document.ts';
import type { PlannedFile } from '../plan/plan-input.ts';
import type { CatalogTemplate } from '../resolve/operators/catalog-request.ts';
import { catalogRequests } from '../resolve/operators/catalog-requests.ts';
import { readCatalogSourceTemplate } from '../resources/catalog-source-template.ts';
import type { FileTree } from './file-tree.ts';

/** The templates of CatalogSources that image sets name. */
export interface MirrorTemplates {
  readonly files: readonly PlannedFile[];
  /** Texts by path in the tree. */
  readonly texts: ReadonlyMap<string, string>;
  readonly problems: readonly FieldProblem[];
  readonly warnings: readonly FieldProblem[];
}

const LIMIT_BYTES = 1024 * 1024;

/** Reads the templates that documents name, relative to their files (design.md, section 4). */
export async function readTemplates(
  tree: FileTree,
  documents: readonly ImageSetDocument[],
  signal: AbortSignal,
): Promise<MirrorTemplates> {
  const named = new Map<string, CatalogTemplate>();
  const problems: FieldProblem[] = [];
  const warnings: FieldProblem[] = [];
  for (const { template } of catalogRequests(documents)) {
    if (template === undefined) continue;
    const path = templatePath(template);
    if (path === undefined) problems.push(problemAt(template, 'is not in the repository'));
    else named.set(path, template);
  }
  const files: PlannedFile[] = [];
  const texts = new Map<string, string>();
  for (const [path, template] of [...named].sort(([a], [b]) => compareText(a, b))) {
    const listed = await tree.list(path, signal);
    const file = listed?.find((one) => one.path === path && one.kind === 'file');
    if (file === undefined) {
      problems.push(problemAt(template, `is no file in ${tree.name}`));
      continue;
    }
    for await (const { text } of tree.read([file], LIMIT_BYTES, signal)) {
      if (text === undefined) {
        problems.push(problemAt(template, 'is larger than 1 MiB'));
        continue;
      }
      const read = readCatalogSourceTemplate(path, text);
      if (read.template === undefined) problems.push(...read.warnings);
      else warnings.push(...read.warnings);
      texts.set(path, text);
      files.push({ path, blob: file.blob });
    }
  }
  return { files, texts, problems, warnings };
}

/** The path of a template in the tree; undefined where it leads out of it. */
export function templatePath({ path, of }: CatalogTemplate): string | undefined {
  if (path.startsWith('/')) return undefined;
  const joined = posix.normalize(posix.join(posix.dirname(of), path));
  return joined.startsWith('../') || joined === '..' ? undefined : joined;
}

function problemAt({ path, entry }: CatalogTemplate, what: string): FieldProblem {
  return {
    position: entry.position,
    field: entry.field,
    message: `the template ${path} ${what}`,
    hint: 'Name a file of the repository, relative to this one.',
  };
}
