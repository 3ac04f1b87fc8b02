import { compareText } from '../../base/compare-text.ts';
import { ControllerError } from '../../base/controller-error.ts';
import type { Catalog } from '../catalog.ts';
import type { CatalogPackage, DocumentSpan, OtherDocument } from '../catalog-package.ts';
import { changedChannel, changedDefinition, changedDeprecations } from './changed-document.ts';
import { type ExactJson, formatExactJson, parseExactJson } from '../../built/exact-json.ts';
import { exactJsonOfYaml } from './exact-yaml.ts';
import type { TarContent, TarEntry } from '../../built/tar-of.ts';

/** What a catalog is built of: the documents that a filter left. */
export interface CatalogContent {
  readonly catalog: Catalog;
  /** Sorted by name. */
  readonly packages: readonly CatalogPackage[];
  /** Documents that belong to no package. */
  readonly globals: readonly OtherDocument[];
}

/** A document of the new catalog; with `change`, what it becomes. */
interface KeptDocument {
  readonly span: DocumentSpan;
  readonly change?: (original: ExactJson) => ExactJson;
}

/** A part of a file: bytes, or a document as it is in the source. */
type Piece = Buffer | DocumentSpan;

const FOLDER_MODE = 0o755;
const FILE_MODE = 0o644;
const JSON_INDENT = 4;
const NEWLINE = Buffer.from('\n');
const SEPARATOR = Buffer.from('---\n');

/**
 * The folder `root` of a catalog with its files, parents first (spec, operator-catalogs, 1.3): documents from JSON
 * files, and all that changed, in `catalog.json`; those from YAML files in `catalog.yaml`. One package is looked at
 * at a time, and unchanged documents go byte by byte from the source to the reader.
 *
 * @throws ControllerError CATALOG_INVALID
 */
export async function* configEntries(
  root: string,
  { catalog, packages, globals }: CatalogContent,
  signal: AbortSignal,
): AsyncGenerator<TarEntry> {
  yield { path: root, mode: FOLDER_MODE };
  yield* filesOf(root, catalog, bySchema(globals), signal);
  for (const pkg of [...packages].sort((a, b) => compareText(a.name, b.name))) {
    const folder = `${root}/${checkFolderName(pkg.name, catalog)}`;
    yield { path: folder, mode: FOLDER_MODE };
    yield* filesOf(folder, catalog, documentsOf(pkg), signal);
  }
}

/** Spec 1.3: the package, channels by name, bundles by name, others by schema, deprecations. */
function documentsOf(pkg: CatalogPackage): KeptDocument[] {
  return [
    ...pkg.definitions.map((one) => keep(one, (original) => changedDefinition(original, one))),
    ...byName(pkg.channels).map((one) => keep(one, (original) => changedChannel(original, one))),
    ...byName(pkg.bundles).map(({ span }) => ({ span })),
    ...bySchema(pkg.others),
    ...pkg.deprecations.map((one) => keep(one, (original) => changedDeprecations(original, one))),
  ];
}

function keep(
  { span, isChanged }: { readonly span: DocumentSpan; readonly isChanged?: true },
  change: (original: ExactJson) => ExactJson,
): KeptDocument {
  return isChanged === true ? { span, change } : { span };
}

function byName<T extends { readonly name: string }>(documents: readonly T[]): T[] {
  return [...documents].sort((a, b) => compareText(a.name, b.name));
}

function bySchema(documents: readonly OtherDocument[]): KeptDocument[] {
  return [...documents]
    .sort((a, b) => compareText(a.schema, b.schema))
    .map(({ span }) => ({ span }));
}

async function* filesOf(
  folder: string,
  catalog: Catalog,
  documents: readonly KeptDocument[],
  signal: AbortSignal,
): AsyncGenerator<TarEntry> {
  const json: Piece[] = [];
  const yaml: DocumentSpan[] = [];
  for (const { span, change } of documents) {
    if (change !== undefined) {
      json.push(toBytes(change(await readExact(catalog, span, signal))), NEWLINE);
    } else if (syntaxOf(catalog, span) === 'json') json.push(span, NEWLINE);
    else yaml.push(span);
  }
  if (json.length > 0) {
    yield { path: `${folder}/catalog.json`, mode: FILE_MODE, content: contentOf(catalog, json) };
  }
  if (yaml.length > 0) {
    const pieces = await joinYaml(catalog, yaml, signal);
    yield { path: `${folder}/catalog.yaml`, mode: FILE_MODE, content: contentOf(catalog, pieces) };
  }
}

/**
 * YAML documents as they are, each behind a separator. One that a file ended with and that has no newline of its
 * own goes last, since a newline could become part of its last value.
 */
async function joinYaml(
  catalog: Catalog,
  spans: readonly DocumentSpan[],
  signal: AbortSignal,
): Promise<Piece[]> {
  const whole: Piece[] = [];
  const open: Piece[] = [];
  for (const span of spans) {
    const last = await catalog.readDocument({ ...span, start: span.end - 1 }, signal);
    if (last.equals(NEWLINE)) whole.push(SEPARATOR, span);
    else open.push(SEPARATOR, span, NEWLINE);
  }
  return [...whole, ...open.slice(0, -1)];
}

async function readExact(
  catalog: Catalog,
  span: DocumentSpan,
  signal: AbortSignal,
): Promise<ExactJson> {
  const text = (await catalog.readDocument(span, signal)).toString('utf8');
  const where = nameOf(catalog, span);
  return syntaxOf(catalog, span) === 'json'
    ? parseExactJson(text, where, 'CATALOG_INVALID')
    : exactJsonOfYaml(text, where);
}

function toBytes(json: ExactJson): Buffer {
  return Buffer.from(formatExactJson(json, JSON_INDENT));
}

function contentOf(catalog: Catalog, pieces: readonly Piece[]): TarContent {
  return {
    size: pieces.reduce((total, piece) => total + sizeOf(piece), 0),
    async *read(signal) {
      for (const piece of pieces)
        yield Buffer.isBuffer(piece) ? piece : await catalog.readDocument(piece, signal);
    },
  };
}

function sizeOf(piece: Piece): number {
  return Buffer.isBuffer(piece) ? piece.byteLength : piece.end - piece.start;
}

function syntaxOf(catalog: Catalog, { file }: DocumentSpan): 'json' | 'yaml' {
  return catalog.files[file]?.syntax ?? 'json';
}

function nameOf(catalog: Catalog, { file, start }: DocumentSpan): string {
  return `${catalog.name}: the document at byte ${start} of ${catalog.files[file]?.path ?? ''}`;
}

/** The folder of a package has its name, so this must be one plain part of a path (spec 1.3), and no whiteout. */
function checkFolderName(name: string, catalog: Catalog): string {
  const isPlain =
    /^[^/\\\p{Cc}]+$/u.test(name) && Buffer.byteLength(name) <= 200 && name.isWellFormed();
  const isOurs = ['.', '..', '.indexignore', 'catalog.json', 'catalog.yaml'].includes(name);
  if (isPlain && !isOurs && !name.startsWith('.wh.')) return name;
  throw new ControllerError(
    'CATALOG_INVALID',
    `${catalog.name} has a package ${JSON.stringify(name.slice(0, 200))}, which cannot be the name of a folder`,
    {
      remedy: 'wait-for-change',
      hint: 'Leave the package out, or ask whoever makes the catalog to rename it.',
    },
  );
}
