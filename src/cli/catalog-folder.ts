import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where catalogs that were read are kept. */
export interface CatalogFolder extends AsyncDisposable {
  readonly path: string;
}

/**
 * The folder of a user's catalogs: of the cache folder that was named, or of the user's own, so that a catalog is
 * read once per digest. Where there is neither, a folder that is removed at the end.
 */
export async function openCatalogFolder(
  cacheDir: string,
  {
    environment,
    cwd,
  }: {
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly cwd: string;
  },
): Promise<CatalogFolder> {
  const {
    OC_MIRROR_CACHE: fromVariable = '',
    XDG_CACHE_HOME: cacheHome = '',
    HOME: home = '',
  } = environment;
  const named = cacheDir === '' ? fromVariable : cacheDir;
  if (named !== '') return kept(resolve(cwd, named, '.oc-mirror', 'catalogs'));
  if (cacheHome !== '') return kept(join(cacheHome, 'imageset', 'catalogs'));
  if (home !== '') return kept(join(home, '.cache', 'imageset', 'catalogs'));
  const path = await mkdtemp(join(tmpdir(), 'imageset-catalogs-'));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

function kept(path: string): CatalogFolder {
  return { path, [Symbol.asyncDispose]: () => Promise.resolve() };
}
