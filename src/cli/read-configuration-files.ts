import { type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { compareText } from '../base/compare-text.ts';
import { ControllerError } from '../base/controller-error.ts';
import { YAML_LIMITS } from '../base/yaml-document.ts';
import type { ConfigurationFile } from '../imageset/load-image-sets.ts';

const MAX_FILES = 10_000;
const MAX_DEPTH = 64;

/** What was found at the paths, and why it is not all. */
export interface FoundConfiguration {
  readonly files: readonly ConfigurationFile[];
  readonly failures: readonly ControllerError[];
}

/**
 * The configuration files at paths of this machine. A file is read whatever it is called; in folders `*.yaml`,
 * `*.yml` and `*.json` are, to any depth. Folders whose name begins with a dot are skipped, and symlinks are
 * followed only to files inside the folder that was named. Each file is read once, and no more of it than the
 * reader's limit plus one byte.
 *
 * @param cwd where relative paths count from; messages show paths as they were given.
 * @returns the files, and an IMAGESET_NOT_FOUND for each path that is not there or cannot be read.
 */
export async function readConfigurationFiles(
  paths: readonly string[],
  cwd: string,
): Promise<FoundConfiguration> {
  const failures: ControllerError[] = [];
  const fileByRealPath = new Map<string, ConfigurationFile>();
  for (const path of paths) {
    try {
      const isFolder = (await attempt(path, () => stat(resolve(cwd, path)))).isDirectory();
      for (const file of isFolder ? await findInFolder(path, cwd) : [path]) {
        const real = await attempt(file, () => realpath(resolve(cwd, file)));
        if (fileByRealPath.has(real) && isFolder) continue;
        const text = await attempt(file, () => readText(file, real));
        fileByRealPath.set(real, { path: file, text, named: !isFolder });
      }
    } catch (error) {
      if (!(error instanceof ControllerError)) throw error;
      failures.push(error);
    }
  }
  return { files: [...fileByRealPath.values()], failures };
}

async function findInFolder(root: string, cwd: string): Promise<string[]> {
  const realRoot = await attempt(root, () => realpath(resolve(cwd, root)));
  const files: string[] = [];

  async function walk(folder: string, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) {
      throw unreadable(folder, `lies more than ${MAX_DEPTH} folders below ${root}`);
    }
    const entries = await attempt(folder, () =>
      readdir(resolve(cwd, folder), { withFileTypes: true }),
    );
    for (const entry of entries.sort((left, right) => compareText(left.name, right.name))) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!entry.name.startsWith('.')) await walk(path, depth + 1);
        continue;
      }
      if (!/\.(?:yaml|yml|json)$/.test(entry.name)) continue;
      const isFile =
        entry.isFile() ||
        (entry.isSymbolicLink() && (await isFileInside(resolve(cwd, path), realRoot)));
      if (isFile) files.push(path);
      if (files.length > MAX_FILES) throw unreadable(root, `holds more than ${MAX_FILES} files`);
    }
  }

  await walk(root, 0);
  return files;
}

/** Kubernetes mounts ConfigMaps as links into a folder beside them; links to anywhere else are left alone. */
async function isFileInside(link: string, realRoot: string): Promise<boolean> {
  try {
    const real = await realpath(link);
    const inside = relative(realRoot, real);
    return inside !== '..' && !inside.startsWith(`..${sep}`) && (await stat(real)).isFile();
  } catch (error) {
    // A link to nothing or to itself holds no image set.
    if (['ENOENT', 'ELOOP', 'ENOTDIR'].includes(codeOf(error))) return false;
    throw unreadable(link, `cannot be read (${codeOf(error)})`, error);
  }
}

async function readText(path: string, real: string): Promise<string> {
  // A pipe or device may never end, and opening one may never return.
  if (!(await stat(real)).isFile()) throw unreadable(path, 'is neither a file nor a folder');
  await using handle = await open(real);
  return new TextDecoder('utf-8').decode(await readStart(handle));
}

async function readStart(handle: FileHandle): Promise<Uint8Array> {
  const buffer = Buffer.alloc(YAML_LIMITS.bytes + 1);
  let length = 0;
  while (length < buffer.byteLength) {
    const { bytesRead } = await handle.read(buffer, length, buffer.byteLength - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ControllerError) throw error;
    const code = codeOf(error);
    const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw unreadable(path, reason, error);
  }
}

function unreadable(path: string, reason: string, cause?: unknown): ControllerError {
  return new ControllerError('IMAGESET_NOT_FOUND', `${path} ${reason}`, {
    remedy: 'wait-for-change',
    hint: 'Name files, or folders with *.yaml, *.yml and *.json files.',
    cause,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}
