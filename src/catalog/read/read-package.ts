import { noteGarbage } from '../../base/free-garbage.ts';
import type { Log } from '../../base/log.ts';
import type { Digest } from '../../oci/digest.ts';
import type { CatalogPackage, DocumentSpan } from '../catalog-package.ts';
import { invalidFile } from './catalog-invalid.ts';
import {
  type CatalogIndex,
  type IndexedDocument,
  type IndexedFile,
  packageFile,
} from './catalog-index.ts';
import { readCheckedFile, writeCheckedFile } from '../../store/checked-file.ts';
import type { ContentReader } from './content-files.ts';
import { hasModel } from './document-keys.ts';
import { lineAt } from './line-at.ts';
import { createPackageBuilder } from './package-model.ts';
import { parseDocument } from './parse-document.ts';
import { keysOfParsed } from './resolve-unclear.ts';

/** What is left of a document that was parsed, in times of its bytes: its tree with positions, mostly. */
const YAML_GARBAGE = 1000;

export interface PackageReading {
  readonly index: CatalogIndex;
  readonly content: ContentReader;
  readonly digest: Digest;
  /** Of the catalog, for messages. */
  readonly name: string;
  /** The cache. */
  readonly folder: string;
  readonly log: Log;
}

/**
 * A package as it was kept, or parsed and then kept; undefined: no document names it.
 * @throws ControllerError CATALOG_INVALID with file and line
 */
export async function readPackage(
  packageName: string,
  reading: PackageReading,
  signal: AbortSignal,
): Promise<CatalogPackage | undefined> {
  const documents = reading.index.documentsOf(packageName);
  if (documents === undefined) return undefined;
  const { folder, digest, log } = reading;
  const path = packageFile(folder, digest, packageName);
  const kept = await readCheckedFile(path, 'catalog package 1', signal);
  // It was written below: the checksum says so.
  if (kept !== undefined) return JSON.parse(kept.toString('utf8')) as CatalogPackage;
  const parsed = await parsePackage(packageName, documents, reading, signal);
  const bytes = Buffer.from(JSON.stringify(parsed));
  try {
    await writeCheckedFile(path, 'catalog package 1', bytes);
  } catch (err) {
    log.debug({ err, path }, 'parsed package not kept');
  }
  // Texts of the parsed one may hold on to the whole document.
  return JSON.parse(bytes.toString('utf8')) as CatalogPackage;
}

async function parsePackage(
  packageName: string,
  documents: readonly IndexedDocument[],
  reading: PackageReading,
  signal: AbortSignal,
): Promise<CatalogPackage> {
  const builder = createPackageBuilder(packageName);
  for (const document of documents) {
    const { schema, name, file, start, end } = document;
    const value = hasModel(schema)
      ? await parseIndexed(document, packageName, reading, signal)
      : undefined;
    const fault = builder.add({ schema, name, span: { file, start, end }, value });
    if (fault === undefined) continue;
    const what = `${schema} ${JSON.stringify(name)} is not as its schema wants it: ${fault}`;
    throw await invalidAt(document, what, reading, signal);
  }
  return builder.build();
}

async function parseIndexed(
  document: IndexedDocument,
  packageName: string,
  reading: PackageReading,
  signal: AbortSignal,
): Promise<unknown> {
  const file = fileOf(document, reading);
  const bytes = await readRange(document, reading, signal);
  const parsed = parseDocument(bytes, file.syntax);
  if (file.syntax === 'yaml') noteGarbage(bytes.length * YAML_GARBAGE);
  if (parsed.kind === 'fault') {
    throw await invalidAt(document, parsed.message, reading, signal, parsed.line);
  }
  const keys = keysOfParsed(parsed, 0);
  const isSame =
    typeof keys === 'object' &&
    'schema' in keys &&
    keys.schema === document.schema &&
    keys.name === document.name &&
    keys.package === packageName;
  if (parsed.kind === 'object' && isSame) return parsed.value;
  // Lines in column 0 that are within a text: libraries differ over what they mean.
  const what = 'a document whose schema, package and name can be read in two ways';
  throw await invalidAt(document, what, reading, signal);
}

/** The bytes of a document. @throws ControllerError CATALOG_INVALID where the cache is not as it was written */
export async function readRange(
  span: DocumentSpan,
  reading: PackageReading,
  signal: AbortSignal,
): Promise<Buffer> {
  const { layer, start } = fileOf(span, reading);
  return await reading.content.read(layer, start + span.start, start + span.end, signal);
}

function fileOf({ file, start, end }: DocumentSpan, { index, name }: PackageReading): IndexedFile {
  const found = index.files[file];
  if (found !== undefined && start >= 0 && start <= end && end <= found.size) return found;
  throw new RangeError(`${name} has no document at ${start}-${end} of file ${file}`);
}

async function invalidAt(
  document: IndexedDocument,
  what: string,
  reading: PackageReading,
  signal: AbortSignal,
  linesBelow = 0,
): Promise<Error> {
  const file = fileOf(document, reading);
  const line = await lineAt(reading.content, file, document.start, signal);
  const { index, name } = reading;
  return invalidFile(
    { name, configsFolder: index.configsFolder },
    file.path,
    line + linesBelow,
    what,
  );
}
