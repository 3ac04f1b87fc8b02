import { lstat, readFile, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { compareText } from '../base/compare-text.ts';
import { ControllerError } from '../base/controller-error.ts';
import { blobIdOf } from '../git/blob-id.ts';
import { MAX_LISTED_ENTRIES } from '../git/list-files.ts';
import type { FileTree, TreeFile } from './file-tree.ts';

/** Git never stores more of an image set than this; larger files are not hashed. */
const HASHED_BYTES = 1024 * 1024;

/** The files of a working copy, as if they were committed (`imageset plan --working-copy`). Symlinks are not followed. */
export function diskTree(folder: string): FileTree {
  return {
    name: `the folder ${folder}`,
    async list(path, signal) {
      const files: TreeFile[] = [];
      await walk(folder, path, files, signal);
      return files.length === 0 && !(await exists(join(folder, path))) ? undefined : files;
    },
    async *read(files, limitBytes, signal) {
      for (const file of files) {
        signal.throwIfAborted();
        const path = resolve(folder, file.path);
        const { size } = await lstat(path);
        yield { file, text: size > limitBytes ? undefined : await readFile(path, 'utf8') };
      }
    },
  };
}

async function walk(
  folder: string,
  path: string,
  files: TreeFile[],
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const full = join(folder, path);
  const found = await lstat(full).catch(() => undefined);
  if (found === undefined) return;
  if (files.length > MAX_LISTED_ENTRIES) {
    throw new ControllerError(
      'IMAGESET_INVALID',
      `${folder} has more than ${MAX_LISTED_ENTRIES} files`,
      {
        remedy: 'wait-for-change',
        hint: 'Name the folders or files with image sets in `paths`.',
      },
    );
  }
  if (found.isDirectory()) {
    const names = (await readdir(full)).filter((name) => name !== '.git').sort(compareText);
    for (const name of names)
      await walk(folder, path === '' ? name : `${path}/${name}`, files, signal);
  } else if (found.isFile()) {
    files.push({
      path,
      kind: 'file',
      blob: found.size > HASHED_BYTES ? '' : blobIdOf(await readFile(full)),
    });
  } else {
    files.push({ path, kind: 'symlink', blob: '' });
  }
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
