import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';

/** What a checked file holds, and the version of its form: raised when that changes, so that older files are made again. */
export type CheckedKind =
  'catalog layer 1' | 'catalog index 1' | 'catalog package 1' | 'release payload 1';

/**
 * Files of a cache: a line with kind, length and checksum, then the content. Whatever has the right checksum was
 * written by this version, whole; everything else counts as not there.
 */
export async function writeCheckedFile(
  path: string,
  kind: CheckedKind,
  content: Uint8Array,
): Promise<void> {
  await writeThenRename(path, async (temporary) => {
    const handle = await open(temporary, 'wx');
    try {
      await handle.appendFile(headerOf(kind, content));
      await handle.appendFile(content);
    } finally {
      await handle.close();
    }
  });
}

/** Undefined: there is no such file, or it is broken, of another kind or another version. */
export async function readCheckedFile(
  path: string,
  kind: CheckedKind,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  let bytes;
  try {
    bytes = await readFile(path, { signal });
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
  const end = bytes.indexOf(0x0a) + 1;
  const content = bytes.subarray(end);
  return bytes.toString('latin1', 0, end) === headerOf(kind, content) ? content : undefined;
}

/** Nobody sees the file before it is whole: it is written under another name beside it. */
export async function writeThenRename<T>(
  path: string,
  write: (temporary: string) => Promise<T>,
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const written = await write(temporary);
    await rename(temporary, path);
    return written;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function headerOf(kind: CheckedKind, content: Uint8Array): string {
  return `imageset-${kind} ${content.length} ${crc32(content).toString(16)}\n`;
}
