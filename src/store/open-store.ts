import { mkdir, readdir, realpath, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { compareText } from '../base/compare-text.ts';
import type { ImageSource, ImageTarget } from '../oci/ends.ts';
import { isRepositoryPath } from '../oci/reference.ts';
import { type BlobWriter, openBlobWriter } from './blob-writer.ts';
import { createReferrerScan } from './referrer-scan.ts';
import { listFolders } from './store-files.ts';
import { isMissing, storeFailure } from './store-failure.ts';
import { repositoriesFolder, unfinishedFolder } from './store-paths.ts';
import { storeSource, storeTarget } from './store-ends.ts';
import { type StoreRepository, openRepository } from './store-repository.ts';

/** Content on disk, in the layout that a stock registry serves (spec, transfer-engine, section 2). */
export interface Store {
  /** Absolute, without symbolic links. */
  readonly folder: string;
  /** @throws ControllerError REFERENCE_INVALID when it is no repository path. */
  source(repository: string): ImageSource;
  /** @throws ControllerError REFERENCE_INVALID when it is no repository path. */
  target(repository: string): ImageTarget;
  /** @throws ControllerError REFERENCE_INVALID when it is no repository path. */
  repository(name: string): StoreRepository;
  /** Starts to write a blob that belongs to no repository yet. */
  openBlobWriter(): Promise<BlobWriter>;
  /** Sorted. */
  listRepositories(): Promise<string[]>;
}

const LEFTOVER_AGE_MS = 24 * 60 * 60 * 1000;

/**
 * Opens a store, making the folder where there is none. Unfinished writes of ours that nobody touched for a
 * day are removed; younger ones may belong to another process.
 * @throws ControllerError STORE_UNAVAILABLE
 */
export async function openStore(folder: string): Promise<Store> {
  const root = await openRoot(folder);
  const referrers = createReferrerScan();
  const repository = (name: string): StoreRepository => openRepository(root, name, referrers);
  return {
    folder: root,
    source: (name) => storeSource(root, repository(name)),
    target: (name) => storeTarget(root, repository(name)),
    repository,
    openBlobWriter: () => openBlobWriter(root),
    listRepositories: () => listRepositories(root),
  };
}

async function openRoot(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    const root = await realpath(folder);
    await removeLeftovers(unfinishedFolder(root));
    return root;
  } catch (error) {
    throw storeFailure(error, `opening the store ${folder}`);
  }
}

async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    try {
      if (Date.now() - (await stat(path)).mtimeMs > LEFTOVER_AGE_MS)
        await rm(path, { recursive: true, force: true });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
}

async function listRepositories(root: string): Promise<string[]> {
  const found: string[] = [];
  const pending = [''];
  try {
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      const entries = await listFolders(join(repositoriesFolder(root), name));
      if (name !== '' && entries.includes('_manifests')) found.push(name);
      const below = entries.map((entry) => (name === '' ? entry : `${name}/${entry}`));
      // Reserved folders start with `_`, which no path of a repository does (spec 2.3).
      pending.push(...below.filter(isRepositoryPath));
    }
  } catch (error) {
    throw storeFailure(error, `listing the repositories of ${root}`);
  }
  return found.sort(compareText);
}
