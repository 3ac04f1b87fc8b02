import { open } from 'node:fs/promises';
import { type DocumentKeys, type KeyPairs, documentKeys } from './document-keys.ts';
import type { FileFault, ScannedDocument } from './document-scanner.ts';
import type { LayerFile } from './layer-content.ts';
import { type ParsedDocument, parseDocument } from './parse-document.ts';
import { createJsonScanner } from './scan-json.ts';

/** Parses the documents whose lines did not tell their keys. `path`: the content file. */
export async function resolveUnclear(
  path: string,
  files: readonly LayerFile[],
  signal: AbortSignal,
): Promise<LayerFile[]> {
  const handle = await open(path);
  try {
    const read = async (start: number, end: number): Promise<Buffer> => {
      signal.throwIfAborted();
      const bytes = Buffer.alloc(end - start);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      return bytes.subarray(0, bytesRead);
    };
    const resolved: LayerFile[] = [];
    for (const file of files) {
      const readFile = (start: number, end: number): Promise<Buffer> =>
        read(file.start + start, file.start + end);
      resolved.push(await resolveFile(file, readFile));
    }
    return resolved;
  } finally {
    await handle.close();
  }
}

type ReadRange = (start: number, end: number) => Promise<Buffer>;

async function resolveFile(file: LayerFile, read: ReadRange): Promise<LayerFile> {
  if (file.documents.every(({ keys }) => keys !== undefined)) return file;
  const documents: ScannedDocument[] = [];
  for (const document of file.documents) {
    const { start, end, keys } = document;
    const found = keys ?? unclearKeys(await read(start, end), start);
    if (found === 'nothing') continue;
    if ('message' in found) return { ...file, documents: [], fault: earlier(found, file.fault) };
    documents.push({ start, end, keys: found });
  }
  return { ...file, documents };
}

/** The keys of a YAML document, or why there are none. `offset`: of the document in its file. */
export function unclearKeys(
  bytes: Uint8Array,
  offset: number,
): DocumentKeys | FileFault | 'nothing' {
  // Most often it is JSON, where this is a hundred times faster than the parser of YAML.
  const scanner = createJsonScanner(0);
  scanner.feed(bytes);
  const { documents, fault } = scanner.end();
  const [only] = documents;
  if (fault === undefined && documents.length === 1 && only?.keys !== undefined) return only.keys;
  return keysOfParsed(parseDocument(bytes, 'yaml'), offset);
}

/** The keys of a document that was parsed, or why there are none. `offset`: of the document in its file. */
export function keysOfParsed(
  parsed: ParsedDocument,
  offset: number,
): DocumentKeys | FileFault | 'nothing' {
  if (parsed.kind === 'nothing') return 'nothing';
  if (parsed.kind === 'fault') return { offset, message: parsed.message };
  const keys = documentKeys(pairsOf(parsed.value));
  return 'fault' in keys ? { offset, message: `a document that ${keys.fault}` } : keys;
}

function pairsOf(value: Readonly<Record<string, unknown>>): KeyPairs {
  return Object.entries(value).map(([key, found]) => {
    if (typeof found === 'string') return { key, value: { kind: 'text', text: found } };
    return { key, value: { kind: found === null ? 'null' : 'other' } };
  });
}

function earlier(a: FileFault, b: FileFault | undefined): FileFault {
  return b !== undefined && b.offset < a.offset ? b : a;
}
