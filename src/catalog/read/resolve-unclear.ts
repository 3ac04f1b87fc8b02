import { open } from 'node:fs/promises';
import { type DocumentKeys, type KeyPairs, documentKeys } from './document-keys.ts';
import type { FileFault, ScannedDocument } from './document-scanner.ts';
import type { LayerFile } from './layer-content.ts';
import { type ParsedDocument, parseDocument } from './parse-document.ts';
import { createYamlScanner } from './scan-yaml.ts';

/**
 * Parses the documents whose lines did not tell their keys. A file that begins like JSON and is none may
 * be YAML in flow style: it is scanned as such, and if that fails too, the fault of the JSON stands.
 * `path`: the content file.
 */
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
      const isFlow = file.fault !== undefined && file.syntax === 'json' && file.size > 0;
      const asYaml = isFlow ? await rescan(file, readFile) : undefined;
      resolved.push(asYaml ?? (await resolveFile(file, readFile)));
    }
    return resolved;
  } finally {
    await handle.close();
  }
}

type ReadRange = (start: number, end: number) => Promise<Buffer>;

async function rescan(file: LayerFile, read: ReadRange): Promise<LayerFile | undefined> {
  const scanner = createYamlScanner(0);
  const pieceBytes = 1024 * 1024;
  for (let start = 0; start < file.size; start += pieceBytes) {
    scanner.feed(await read(start, Math.min(file.size, start + pieceBytes)));
  }
  const { fault, documents } = scanner.end();
  if (fault !== undefined) return undefined;
  const { fault: jsonFault, ...rest } = file;
  const resolved = await resolveFile({ ...rest, syntax: 'yaml', documents }, read);
  return resolved.fault === undefined ? resolved : undefined;
}

async function resolveFile(file: LayerFile, read: ReadRange): Promise<LayerFile> {
  if (file.documents.every(({ keys }) => keys !== undefined)) return file;
  const documents: ScannedDocument[] = [];
  for (const document of file.documents) {
    const { start, end, keys } = document;
    const found = keys ?? keysOfParsed(parseDocument(await read(start, end), file.syntax), start);
    if (found === 'nothing') continue;
    if ('message' in found) return { ...file, documents: [], fault: earlier(found, file.fault) };
    documents.push({ start, end, keys: found });
  }
  return { ...file, documents };
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
