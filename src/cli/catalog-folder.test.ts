import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCatalogFolder } from './catalog-folder.ts';

const HOME = { HOME: '/home/user' };

describe('openCatalogFolder', () => {
  it.each([
    { cacheDir: 'cache', environment: HOME, path: '/current/cache/.oc-mirror/catalogs' },
    { cacheDir: '/srv', environment: HOME, path: '/srv/.oc-mirror/catalogs' },
    {
      cacheDir: '',
      environment: { ...HOME, OC_MIRROR_CACHE: '/srv' },
      path: '/srv/.oc-mirror/catalogs',
    },
    {
      cacheDir: '',
      environment: { ...HOME, XDG_CACHE_HOME: '/var/cache' },
      path: '/var/cache/imageset/catalogs',
    },
    { cacheDir: '', environment: HOME, path: '/home/user/.cache/imageset/catalogs' },
  ])('is $path', async ({ cacheDir, environment, path }) => {
    await using folder = await openCatalogFolder(cacheDir, { environment, cwd: '/current' });

    expect(folder.path).toBe(path);
  });

  it('is a folder that goes at the end where the user has none', async () => {
    const folder = await openCatalogFolder('', { environment: {}, cwd: '/current' });
    await writeFile(join(folder.path, 'a'), '');

    await folder[Symbol.asyncDispose]();

    expect(existsSync(folder.path)).toBe(false);
  });
});
