import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { compareText } from '../../base/compare-text.ts';
import { type Digest, digestTag } from '../../oci/digest.ts';
import type { OtherDocument } from '../catalog-package.ts';
import type { CatalogFile } from '../catalog.ts';
import { readCheckedFile, writeCheckedFile } from '../../store/checked-file.ts';
import { hasModel } from './document-keys.ts';
import type { VisibleFile } from './flatten-layers.ts';

/** A document of a package: its schema and name, and where it is in a file of the catalog. */
export interface IndexedDocument {
  readonly schema: string;
  readonly name: string;
  readonly file: number;
  readonly start: number;
  readonly end: number;
}

/** A file of the catalog, and where its bytes are: in the content file of a layer, from `start`. */
export interface IndexedFile extends CatalogFile {
  readonly layer: number;
  readonly start: number;
  readonly size: number;
}

/** Where every document of a catalog is: all that is read of it before a package is asked for. */
export interface CatalogIndex {
  readonly configsFolder: string;
  /** Layers that have files of the catalog. */
  readonly layers: readonly { readonly key: string; readonly bytes: number }[];
  readonly files: readonly IndexedFile[];
  readonly globals: readonly OtherDocument[];
  /** Sorted. */
  readonly packageNames: readonly string[];
  /** In the order of files and of documents in them; undefined: no document names the package. */
  documentsOf(packageName: string): readonly IndexedDocument[] | undefined;
}

/** The start of the file: everything but the documents of packages, which follow it. */
interface Head extends Omit<CatalogIndex, 'packageNames' | 'documentsOf'> {
  /** Name, and offset and length of its documents, bytes. */
  readonly packages: readonly (readonly [name: string, offset: number, length: number])[];
}

type Row = readonly [schema: string, name: string, file: number, start: number, end: number];

export interface IndexInput {
  readonly configsFolder: string;
  readonly layers: CatalogIndex['layers'];
  /** Sorted, without faults; `layer` is an index of `layers`. */
  readonly files: readonly VisibleFile[];
}

/** The index as it is kept: a head, and a section for each package that is parsed only when it is asked for. */
export function makeIndex({ configsFolder, layers, files }: IndexInput): Buffer {
  const rows = new Map<string, Row[]>();
  const globals: OtherDocument[] = [];
  const withDocuments = files.filter(({ documents }) => documents.length > 0);
  for (const [file, { documents }] of withDocuments.entries()) {
    for (const { keys, start, end } of documents) {
      if (keys === undefined) continue;
      const { schema, name } = keys;
      if (keys.package === '' && !hasModel(schema)) {
        globals.push({ span: { file, start, end }, schema, ...(name === '' ? {} : { name }) });
        continue;
      }
      const known = rows.get(keys.package) ?? [];
      known.push([schema, name, file, start, end]);
      rows.set(keys.package, known);
    }
  }
  const sections: Buffer[] = [];
  const packages: [string, number, number][] = [];
  let offset = 0;
  for (const name of [...rows.keys()].sort(compareText)) {
    const section = Buffer.from(JSON.stringify(rows.get(name)));
    packages.push([name, offset, section.length]);
    sections.push(section);
    offset += section.length;
  }
  const head: Head = {
    configsFolder,
    layers,
    files: withDocuments.map(({ path, syntax, layer, start, size }) => {
      return { path, syntax, layer, start, size };
    }),
    globals,
    packages,
  };
  // JSON has no raw line break: the first one ends the head.
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...sections]);
}

/** Reads what makeIndex made. */
export function parseIndex(bytes: Buffer): CatalogIndex {
  const sections = bytes.indexOf(0x0a) + 1;
  // It was written by makeIndex: its checksum says so.
  const { packages, ...head } = JSON.parse(bytes.toString('utf8', 0, sections)) as Head;
  const places = new Map(packages.map(([name, offset, length]) => [name, { offset, length }]));
  return {
    ...head,
    packageNames: packages.map(([name]) => name),
    documentsOf(packageName) {
      const place = places.get(packageName);
      if (place === undefined) return undefined;
      const start = sections + place.offset;
      const rows = JSON.parse(bytes.toString('utf8', start, start + place.length)) as Row[];
      return rows.map(([schema, name, file, from, to]) => {
        return { schema, name, file, start: from, end: to };
      });
    },
  };
}

/** The index that was kept for a catalog, if there is one that can be read. */
export async function loadIndex(
  folder: string,
  digest: Digest,
  signal: AbortSignal,
): Promise<CatalogIndex | undefined> {
  const bytes = await readCheckedFile(indexFile(folder, digest), 'catalog index 1', signal);
  return bytes === undefined ? undefined : parseIndex(bytes);
}

export async function saveIndex(folder: string, digest: Digest, index: Buffer): Promise<void> {
  await writeCheckedFile(indexFile(folder, digest), 'catalog index 1', index);
}

/** Where the parsed package of a catalog is kept. A name may be anything: its hash is a file name. */
export function packageFile(folder: string, digest: Digest, packageName: string): string {
  const hash = createHash('sha256').update(packageName).digest('hex').slice(0, 32);
  return join(folder, 'catalogs', digestTag(digest), `${hash}.package`);
}

function indexFile(folder: string, digest: Digest): string {
  return join(folder, 'catalogs', digestTag(digest), 'index');
}
