import { constants } from 'node:fs';
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { type Digest, isDigest } from '../oci/digest.ts';
import { errorCode, isMissing, storeInvalid } from './store-failure.ts';
import { unfinishedFolder } from './store-paths.ts';

/**
 * File operations that stay inside a store. Paths are absolute and made by `store-paths.ts` from a folder
 * without symbolic links in its own path. A link below it is never followed: a store may be unpacked from
 * an archive that somebody else made.
 */

const LINK_LIMIT_BYTES = 256;

/** Opens a regular file for reading; undefined where there is none. The caller closes it. */
export async function openFile(path: string): Promise<FileHandle | undefined> {
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK a named pipe would block for good.
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (errorCode(error) === 'ELOOP') throw symbolicLink(path);
    throw error;
  }
  try {
    if (!(await handle.stat()).isFile()) throw storeInvalid(`${path} is no file`, 'Remove it.');
    if ((await realpath(path)) !== path) throw symbolicLink(path);
    return handle;
  } catch (error) {
    await handle.close();
    if (isMissing(error)) return undefined; // Removed in between.
    throw error;
  }
}

/** The digest that a link file holds; undefined where there is no file, or none that holds a digest (spec 2.4.6). */
export async function readLink(path: string): Promise<Digest | undefined> {
  await using handle = await openFile(path);
  if (handle === undefined) return undefined;
  const buffer = Buffer.alloc(LINK_LIMIT_BYTES);
  const { bytesRead } = await handle.read(buffer, 0, LINK_LIMIT_BYTES, 0);
  const text = buffer.toString('latin1', 0, bytesRead).trim();
  return isDigest(text) ? text : undefined;
}

/** Writes a link file: exactly the digest, no newline (spec 2.3). Whole or not at all. */
export async function writeLink(store: string, path: string, digest: Digest): Promise<void> {
  if ((await readLink(path)) === digest) return;
  const temporary = await unfinishedPath(store);
  try {
    // Not synced: a link that a power failure left empty reads as missing, and is written again.
    await writeFile(temporary, digest, { flag: 'wx', mode: 0o644 });
    await moveIntoPlace(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** A path for an unfinished file of our own. */
export async function unfinishedPath(store: string): Promise<string> {
  const folder = unfinishedFolder(store);
  await makeFolder(folder);
  return join(folder, randomUUID());
}

/** Renames a finished file to where it belongs, making the folders above. */
export async function moveIntoPlace(temporary: string, path: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await makeFolder(dirname(path));
    try {
      await rename(temporary, path);
      return;
    } catch (error) {
      // A tag that was deleted at this moment took the folder with it.
      if (!isMissing(error) || attempt === 3) throw error;
    }
  }
}

/** Names of the entries that are folders, unsorted; none where there is no such folder. */
export async function listFolders(path: string): Promise<string[]> {
  try {
    if ((await realpath(path)) !== path) throw symbolicLink(path);
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Removes a file. `false`: there was none. */
export async function removeFile(path: string): Promise<boolean> {
  try {
    if ((await realpath(dirname(path))) !== dirname(path)) throw symbolicLink(path);
    await unlink(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/**
 * Removes a folder with all that is in it, for others in one step: it is moved away first. `false`: there was none.
 */
export async function removeFolder(store: string, path: string): Promise<boolean> {
  const temporary = await unfinishedPath(store);
  try {
    if ((await realpath(path)) !== path) throw symbolicLink(path);
    await rename(path, temporary);
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  await rm(temporary, { recursive: true, force: true });
  return true;
}

/**
 * Writes a folder of links, for others in one step. `false`: there is something at its place already.
 * @param links digests by their paths below the folder.
 */
export async function writeLinkFolder(
  store: string,
  path: string,
  links: ReadonlyMap<string, Digest>,
): Promise<boolean> {
  if (await isFolder(path)) return false;
  const temporary = await unfinishedPath(store);
  try {
    for (const [name, digest] of links) {
      const file = join(temporary, name);
      await makeFolder(dirname(file));
      await writeFile(file, digest, { flag: 'wx', mode: 0o644 });
    }
    await moveIntoPlace(temporary, path);
    return true;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    const code = errorCode(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') return false;
    throw error;
  }
}

/** Makes a folder and those above it. */
export async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return;
  await makeFolder(dirname(path));
  try {
    await mkdir(path, 0o755);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    if (!(await lstat(path)).isDirectory()) throw symbolicLink(path);
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    if ((await realpath(path)) !== path) throw symbolicLink(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function symbolicLink(path: string): Error {
  return storeInvalid(
    `${path} is or goes through a symbolic link, or is no folder`,
    'A store has neither links nor other files in place of its folders; link or mount the whole folder instead.',
  );
}
