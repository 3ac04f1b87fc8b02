import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface FolderLimits {
  readonly bytes: number;
  /** What was read or written within so many milliseconds may be in use, and stays. */
  readonly inUseMs: number;
}

interface KeptFile {
  readonly path: string;
  readonly bytes: number;
  readonly usedAtMs: number;
}

/**
 * Removes from a folder of files that can be made again what was not used for the longest time, until the rest is within
 * the limit. Best effort: other processes do the same.
 */
export async function boundFolder(
  folder: string,
  limits: FolderLimits,
  now: number,
  signal: AbortSignal,
): Promise<void> {
  const files = await filesBelow(folder, signal);
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  for (const file of files.sort((one, other) => one.usedAtMs - other.usedAtMs)) {
    if (bytes <= limits.bytes || now - file.usedAtMs < limits.inUseMs) return;
    signal.throwIfAborted();
    await rm(file.path, { force: true }).catch(() => undefined);
    bytes -= file.bytes;
  }
}

async function filesBelow(folder: string, signal: AbortSignal): Promise<KeptFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files: KeptFile[] = [];
  for (const entry of entries) {
    signal.throwIfAborted();
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) continue;
    files.push({ path, bytes: found.size, usedAtMs: Math.max(found.atimeMs, found.mtimeMs) });
  }
  return files;
}
