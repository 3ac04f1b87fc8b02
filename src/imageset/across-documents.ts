import { formatPosition } from '../base/entry-position.ts';
import { formatField } from '../base/field-path.ts';
import { formatReference, parseReference } from '../oci/reference.ts';
import { catalogKey } from './catalog-key.ts';
import type { ImageSetDocument } from './image-set-document.ts';
import type { OperatorCatalog } from './operators-content.ts';
import type { Problem } from './problem.ts';

interface CatalogEntry {
  readonly document: ImageSetDocument;
  readonly index: number;
  readonly catalog: OperatorCatalog;
}

/** A problem between two documents, and whether they are of one file. */
export interface AcrossProblem {
  readonly problem: Problem;
  readonly isWithinFile: boolean;
}

/**
 * One catalog under one target in several documents is one catalog, and its package lists are united (design.md,
 * section 5, step 3). That needs lists without common packages, one source and one template. Inside a document a
 * catalog stands once; the schema sees to that.
 */
export function checkAcrossDocuments(documents: readonly ImageSetDocument[]): AcrossProblem[] {
  const entriesByKey = Map.groupBy(
    documents.filter(({ kind }) => kind === 'mirror').flatMap(catalogEntries),
    ({ catalog }) => catalogKey(catalog),
  );
  entriesByKey.delete(undefined);
  return [...entriesByKey.values()].flatMap((entries) =>
    entries.flatMap((entry, index) => checkAgainst(entry, entries.slice(0, index))),
  );
}

function catalogEntries(document: ImageSetDocument): CatalogEntry[] {
  return (document.content.operators ?? []).map((catalog, index) => ({ document, index, catalog }));
}

/** The first conflict with an entry before it; one is enough to act on. */
function checkAgainst(entry: CatalogEntry, earlier: readonly CatalogEntry[]): AcrossProblem[] {
  for (const other of earlier) {
    const conflict = findConflict(entry, other);
    if (conflict === undefined) continue;
    const path = [entry.document.kind, 'operators', entry.index, ...conflict.path];
    const where = formatPosition(positionOf(other));
    const problem: Problem = {
      position: entry.document.positionOf(path),
      field: formatField(path),
      message: `${conflict.message}; the other entry is at ${where}`,
      hint: conflict.hint,
      stage: 'load',
    };
    return [{ problem, isWithinFile: other.document.path === entry.document.path }];
  }
  return [];
}

function positionOf({ document, index }: CatalogEntry): ReturnType<ImageSetDocument['positionOf']> {
  return document.positionOf([document.kind, 'operators', index]);
}

interface Conflict {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint: string;
}

function findConflict(entry: CatalogEntry, other: CatalogEntry): Conflict | undefined {
  const { catalog } = entry;
  const name = catalog.catalog;
  if (sourceOf(catalog) !== sourceOf(other.catalog)) {
    const message = `the catalogs "${name}" and "${other.catalog.catalog}" have one target`;
    return {
      path: ['catalog'],
      message,
      hint: 'Give one of them another targetCatalog or targetTag.',
    };
  }
  const packages = catalog.packages ?? [];
  const otherPackages = other.catalog.packages ?? [];
  if (packages.length === 0 || otherPackages.length === 0) {
    const message = `catalog "${name}" is asked for in two documents, and one of them names no packages, which means all`;
    const hint = 'Keep one entry, or name different packages in both.';
    return { path: [], message, hint };
  }
  const names = new Set(otherPackages.map((item) => item.name));
  const index = packages.findIndex((item) => names.has(item.name));
  if (index >= 0) {
    const message = `package "${packages[index]?.name ?? ''}" of catalog "${name}" is in two documents`;
    return { path: ['packages', index], message, hint: 'Name it in one of them.' };
  }
  if ((catalog.full ?? false) !== (other.catalog.full ?? false)) {
    return {
      path: catalog.full === undefined ? [] : ['full'],
      message: `catalog "${name}" is asked for in two documents, and one of them wants all bundles (full: true), the other one channel heads`,
      hint: 'Write full: true in both or in none; versions of a package choose more than its heads.',
    };
  }
  if (templateOf(entry) === templateOf(other)) return undefined;
  return {
    path: ['targetCatalogSourceTemplate'],
    message: `catalog "${name}" is asked for in two documents with different templates`,
    hint: 'Name the same targetCatalogSourceTemplate in both.',
  };
}

function sourceOf({ catalog }: OperatorCatalog): string {
  return formatReference(parseReference(catalog));
}

/** Templates are named relative to their file (design.md, section 4). */
function templateOf({ document, catalog }: CatalogEntry): string {
  const template = catalog.targetCatalogSourceTemplate;
  if (template === undefined || template.startsWith('/')) return template ?? '';
  const folder = document.path.split('/').slice(0, -1);
  const steps: string[] = [];
  for (const step of [...folder, ...template.split('/')]) {
    if (step === '..' && steps.length > 0 && steps.at(-1) !== '..') steps.pop();
    else if (step !== '.') steps.push(step);
  }
  return steps.join('/');
}
