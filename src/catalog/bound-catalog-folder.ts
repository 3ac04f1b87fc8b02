import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface CatalogFolderLimits {
  readonly bytes: number;
  /** What was read or written within so many milliseconds may be in use, and stays. */
  readonly inUseMs: number;
}

/** Roomy: the documents of the four large catalogs of one version take about 1 GiB. */
export const CATALOG_FOLDER_LIMITS: CatalogFolderLimits = {
  bytes: 8 * 1024 ** 3,
  inUseMs: 60 * 60 * 1000,
};

interface KeptFile {
  readonly path: string;
  readonly bytes: number;
  readonly usedAtMs: number;
}

/**
 * Removes from the folder that `openCatalog` keeps catalogs in what was not used for the longest time, until the rest
 * is within the limit. What is removed is read again when it is needed. Best effort: other processes do the same.
 */
export async function boundCatalogFolder(
  folder: string,
  limits: CatalogFolderLimits,
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
