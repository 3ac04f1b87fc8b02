import fs from 'node:fs';
import { access, constants, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import git from 'isomorphic-git';
import { ControllerError } from '../base/controller-error.ts';
import type { Log } from '../base/log.ts';
import { systemReason } from '../base/system-reason.ts';
import { readRawObject } from './raw-object.ts';

/** Older than any call of ours may take: whoever made it is gone. */
const STALE_LOCK_MS = 30 * 60_000;

/**
 * Makes sure that a folder is a usable bare repository. A missing one is made; one that is damaged is moved
 * to `FOLDER.broken` (replacing an earlier one) and made again, since all it holds can be fetched again.
 * Lock files of a process that was killed are removed. Throws `STATE_UNAVAILABLE`.
 */
export async function prepareBareRepository(folder: string, log: Log): Promise<void> {
  try {
    if ((await isThere(folder)) && !(await isUsable(folder))) await moveAside(folder, log);
    if (!(await isThere(join(folder, 'HEAD')))) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await git.init({ fs, gitdir: folder, bare: true, defaultBranch: 'main' });
    }
    await removeStaleLocks(folder);
  } catch (error) {
    const reason = systemReason(await refusal(dirname(folder), error));
    const message = `the state directory cannot be used: ${folder}: ${reason}`;
    throw new ControllerError('STATE_UNAVAILABLE', message, {
      remedy: 'retry-later',
      hint: 'Name a directory with --state that this user may write to, on a disk with space left.',
      cause: error,
    });
  }
}

/** Node tells of a file system that is read-only as of a path that is not there: what the folder itself says is right. */
async function refusal(folder: string, error: unknown): Promise<unknown> {
  if (!(await isThere(folder))) {
    return dirname(folder) === folder ? error : refusal(dirname(folder), error);
  }
  return access(folder, constants.W_OK).then(
    () => error,
    (refused: unknown) => refused,
  );
}

/** Moves a repository that turned out to be damaged to `FOLDER.broken`. */
export async function moveAside(folder: string, log: Log): Promise<void> {
  if (!(await isThere(folder))) return;
  const broken = `${folder}.broken`;
  await rm(broken, { recursive: true, force: true });
  await rename(folder, broken);
  log.warn({ folder, broken }, 'Git repository is damaged and is made again');
}

async function isUsable(folder: string): Promise<boolean> {
  if ((await readdir(folder)).length === 0) return true;
  try {
    const bare: unknown = await git.getConfig({ fs, gitdir: folder, path: 'core.bare' });
    if (bare !== true) return false;
    if (!(await stat(join(folder, 'objects'))).isDirectory()) return false;
    if (!(await stat(join(folder, 'HEAD'))).isFile()) return false;
    // A power cut may leave refs that name objects whose bytes never reached the disk.
    const refs = await git.listRefs({ fs, gitdir: folder, filepath: 'refs/imageset' });
    for (const ref of refs) {
      const oid = await git.resolveRef({ fs, gitdir: folder, ref: `refs/imageset/${ref}` });
      await readRawObject(folder, oid);
    }
    return true;
  } catch {
    return false;
  }
}

async function removeStaleLocks(folder: string): Promise<void> {
  const names = ['HEAD.lock', 'config.lock', 'packed-refs.lock', 'shallow.lock', 'gc.pid'];
  const refs = join(folder, 'refs', 'imageset');
  const inRefs = (await isThere(refs)) ? await readdir(refs) : [];
  const locks = [
    ...names.map((name) => join(folder, name)),
    ...inRefs.filter((name) => name.endsWith('.lock')).map((name) => join(refs, name)),
  ];
  for (const lock of locks) {
    const found = await stat(lock).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > STALE_LOCK_MS)
      await rm(lock, { force: true });
  }
}

/** Whether there is something at a path. */
export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
