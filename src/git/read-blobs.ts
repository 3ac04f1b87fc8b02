import { blobIdOf } from './blob-id.ts';
import { blobSizes } from './blob-sizes.ts';
import type { ListedFile } from './list-files.ts';
import { runGit, type GitCall } from './run-git.ts';

type LocalCall = Omit<GitCall, 'input' | 'onOutput'>;

/** So much is held at once, and unpacked by one process. */
const BATCH_BYTES = 8 * 1024 * 1024;
const BATCH_FILES = 2000;

/** A listed file and what git told of it: its content, that it is over the limit, or nothing. */
export interface ReadFile {
  readonly file: ListedFile;
  readonly found: Uint8Array | 'too-large' | undefined;
}

/**
 * Reads files in their order, with a process for each few MiB, since isomorphic-git takes a millisecond for each.
 * What is longer than the limit is never unpacked: a few KiB of a hostile repository can unfold to any size. Of what
 * is not there, or not as its id says, nothing is told.
 */
export async function* readBlobs(
  files: readonly ListedFile[],
  limitBytes: number,
  call: LocalCall,
  signal: AbortSignal,
): AsyncGenerator<ReadFile> {
  const ids = new Set(files.map(({ objectId }) => objectId));
  const sizes = await blobSizes([...ids], call, signal);
  const isLarge = (objectId: string): boolean => (sizes.get(objectId) ?? 0) > limitBytes;
  for (const batch of batchesOf(files, ({ objectId }) =>
    isLarge(objectId) ? 0 : (sizes.get(objectId) ?? 0),
  )) {
    const wanted = new Set(batch.map(({ objectId }) => objectId).filter((id) => !isLarge(id)));
    const contents = await readBatch([...wanted], call, signal);
    for (const file of batch) {
      const { objectId } = file;
      yield { file, found: isLarge(objectId) ? 'too-large' : contents.get(objectId) };
    }
  }
}

function* batchesOf(
  files: readonly ListedFile[],
  bytesOf: (file: ListedFile) => number,
): Generator<ListedFile[]> {
  let batch: ListedFile[] = [];
  let total = 0;
  for (const file of files) {
    const bytes = bytesOf(file);
    if (batch.length > 0 && (batch.length >= BATCH_FILES || total + bytes > BATCH_BYTES)) {
      yield batch;
      batch = [];
      total = 0;
    }
    batch.push(file);
    total += bytes;
  }
  if (batch.length > 0) yield batch;
}

/** Contents by id. Source: git-cat-file(1), "BATCH OUTPUT". */
async function readBatch(
  objectIds: readonly string[],
  call: LocalCall,
  signal: AbortSignal,
): Promise<Map<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  if (objectIds.length === 0) return contents;
  const chunks: Buffer[] = [];
  const onOutput = (chunk: Buffer): void => {
    chunks.push(chunk);
  };
  const input = `${objectIds.join('\n')}\n`;
  await runGit(['cat-file', '--batch'], { ...call, input, onOutput }, signal);
  const output = Buffer.concat(chunks);
  for (let at = 0; at < output.length;) {
    const end = output.indexOf(0x0a, at);
    const header = output.toString('latin1', at, end < 0 ? output.length : end);
    const match = /^([0-9a-f]{40}) (\w+) (\d+)$/.exec(header);
    // `ID missing` has no content. At anything else we would lose our place.
    if (match === null && !header.endsWith(' missing')) break;
    at = end + 1;
    if (match === null) continue;
    const [, objectId = '', type, size] = match;
    const content = output.subarray(at, at + Number(size));
    at += Number(size) + 1;
    // git itself does not compare them when it reads.
    if (type === 'blob' && blobIdOf(content) === objectId) contents.set(objectId, content);
  }
  return contents;
}
