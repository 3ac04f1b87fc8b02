import type { ContentWriter } from './content-writer.ts';
import type { LayerContent, LayerFile } from './layer-content.ts';
import { LayerFault } from '../../layer/layer-fault.ts';
import { type LayerMark, markOf } from '../../layer/layer-path.ts';
import { LIMITS } from './limits.ts';
import { type FileScanner, createFileScanner } from './scan-file.ts';
import type { TarEntry } from '../../layer/tar-header.ts';
import { createTarReader } from '../../layer/tar-reader.ts';

/** The name of files that say what is not read (spec 1.2). */
export const IGNORE_FILE = '.indexignore';

type Item = LayerFile | Exclude<LayerMark, { kind: 'file' }>;

/**
 * Takes the tar of a layer in pieces: gives the files of the folder to the writer, and finds their documents.
 * @throws LayerFault
 */
export function collectLayer(
  configsFolder: string,
  writer: ContentWriter,
): { feed(chunk: Uint8Array): void; finish(): Omit<LayerContent, 'key'> } {
  /** By path; of two with one path the later counts. Whiteouts are beside what has the same path. */
  const items = new Map<string, Item>();
  let open:
    { readonly path: string; readonly start: number; readonly scanner?: FileScanner } | undefined;
  let documents = 0;

  function add(key: string, item: Item): void {
    if (items.size >= LIMITS.layerEntries) {
      throw new LayerFault(`/${configsFolder} has more than ${LIMITS.layerEntries} files`);
    }
    items.set(key, item);
  }

  function begin({ path: tarPath, kind, size }: TarEntry): boolean {
    const mark = markOf(tarPath, kind, configsFolder);
    if (mark === undefined) return false;
    if (mark.kind === 'hides-all') {
      items.set('', mark);
      return false;
    }
    if (mark.kind !== 'file') {
      const isWhiteout = mark.kind === 'whiteout' || mark.kind === 'opaque';
      add(isWhiteout ? `${mark.kind}:${mark.path}` : `/${mark.path}`, mark);
      return false;
    }
    const { path } = mark;
    const start = writer.bytes;
    checkSize(path, size, start);
    open = isIgnoreFile(path) ? { path, start } : { path, start, scanner: createFileScanner() };
    if (size === 0) end();
    return size > 0;
  }

  function end(): void {
    if (open === undefined) return;
    const { path, start, scanner } = open;
    open = undefined;
    const found = scanner?.end() ?? { syntax: 'yaml', documents: [] };
    documents += found.documents.length;
    if (documents > LIMITS.layerDocuments) {
      throw new LayerFault(`/${configsFolder} has more than ${LIMITS.layerDocuments} documents`);
    }
    add(`/${path}`, { path, start, size: writer.bytes - start, ...found });
  }

  const reader = createTarReader({
    entry: begin,
    data(bytes) {
      writer.add(bytes);
      open?.scanner?.feed(bytes);
    },
    end,
  });

  return {
    feed(chunk) {
      reader.feed(chunk);
    },
    finish() {
      reader.finish();
      const all = [...items.values()];
      return {
        bytes: writer.bytes,
        files: all.filter((item) => 'documents' in item),
        marks: all.filter((item) => 'kind' in item && item.kind !== 'hides-all'),
        hidesAll: items.has(''),
      };
    },
  };
}

/** Whether a file holds patterns and no documents. */
export function isIgnoreFile(path: string): boolean {
  return path === IGNORE_FILE || path.endsWith(`/${IGNORE_FILE}`);
}

/** @throws LayerFault before anything of a file that is too large is kept */
function checkSize(path: string, size: number, start: number): void {
  const most = isIgnoreFile(path) ? LIMITS.ignoreFileBytes : LIMITS.fileBytes;
  if (size > most) {
    throw new LayerFault(
      `${JSON.stringify(path)} has ${size} bytes, more than the ${most} that are read`,
    );
  }
  if (start + size > LIMITS.layerDocumentBytes) {
    throw new LayerFault(`its documents have more than ${LIMITS.layerDocumentBytes} bytes`);
  }
}
