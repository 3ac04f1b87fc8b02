import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { digestOf } from '../oci/digest.ts';
import type { ManifestBytes } from '../oci/manifest.ts';
import { MEDIA_TYPES } from '../oci/media-types.ts';
import { createManifestCache } from './manifest-cache.ts';

const { signal } = new AbortController();

it('gives back what it keeps, in a new process too', async () => {
  await using folder = await temporaryFolder();
  const manifest = manifestOf('one');
  await createManifestCache({ folder: folder.path, limitBytes: 10_000 }).put(manifest);

  const again = createManifestCache({ folder: folder.path, limitBytes: 10_000 });
  const read = await again.get(manifest.digest);

  expect(Buffer.from(read?.bytes ?? [])).toEqual(manifest.bytes);
  expect(read).toMatchObject({ mediaType: MEDIA_TYPES.dockerList, digest: manifest.digest });
});

it('takes no damaged file for a manifest, and lets it go', async () => {
  await using folder = await temporaryFolder();
  const manifest = manifestOf('one');
  await createManifestCache({ folder: folder.path, limitBytes: 10_000 }).put(manifest);
  const [name = ''] = await readdir(folder.path);
  const path = join(folder.path, name);
  await writeFile(path, (await readFile(path, 'utf8')).replace('one', 'two'));

  const again = createManifestCache({ folder: folder.path, limitBytes: 10_000 });

  await expect(again.get(manifest.digest)).resolves.toBeUndefined();
  expect(await readdir(folder.path)).toEqual([]);
});

it('keeps no more on disk than its limit, the newest, files of former processes included', async () => {
  await using folder = await temporaryFolder();
  const old = manifestOf('a'.repeat(400));
  await createManifestCache({ folder: folder.path, limitBytes: 10_000 }).put(old);
  const cache = createManifestCache({ folder: folder.path, limitBytes: 1200 });

  const added = [manifestOf('b'.repeat(400)), manifestOf('c'.repeat(400))];
  for (const manifest of added) await cache.put(manifest);

  await expect
    .poll(async () => (await readdir(folder.path)).sort())
    .toEqual(added.map(({ digest }) => digest.replace(':', '-')).sort());
});

it('loads a manifest once for all that want it at the same time', async () => {
  const manifest = manifestOf('one');
  const cache = createManifestCache({ limitBytes: 0 });
  let loads = 0;
  const load = async (): Promise<ManifestBytes> => {
    loads += 1;
    await Promise.resolve();
    return manifest;
  };

  await Promise.all([1, 2, 3].map(() => cache.read(manifest.digest, load, signal)));

  expect(loads).toBe(1);
});

it('lets each that waits try for itself when a load fails', async () => {
  const manifest = manifestOf('one');
  const cache = createManifestCache({ limitBytes: 0 });
  const failing = cache.read(manifest.digest, () => Promise.reject(new Error('no')), signal);
  const other = cache.read(manifest.digest, () => Promise.resolve(manifest), signal);

  await expect(failing).rejects.toThrow('no');
  await expect(other).resolves.toEqual(manifest);
});

it('refuses bytes that are not the digest', async () => {
  const cache = createManifestCache({ limitBytes: 0 });
  const digest = digestOf(Buffer.from('other'));

  const read = cache.read(digest, () => Promise.resolve(manifestOf('one')), signal);

  await expect(read).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
});

it('goes on without a folder that cannot be written', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'file');
  await writeFile(file, '');
  const manifest = manifestOf('one');
  const cache = createManifestCache({ folder: join(file, 'below'), limitBytes: 1000 });

  await cache.put(manifest);

  await expect(cache.get(manifest.digest)).resolves.toEqual(manifest);
});

it('forgets what was used longest ago when memory is full', async () => {
  const [a, b, c] = [
    manifestOf('a'.repeat(90)),
    manifestOf('b'.repeat(90)),
    manifestOf('c'.repeat(90)),
  ];
  const cache = createManifestCache({ limitBytes: 0, memoryBytes: 200 });

  await cache.put(a);
  await cache.put(b);
  await cache.get(a.digest);
  await cache.put(c);

  const held = await Promise.all([a, b, c].map(({ digest }) => cache.get(digest)));
  expect(held).toEqual([a, undefined, c]);
});

function manifestOf(text: string): ManifestBytes {
  const bytes = Buffer.from(text);
  return { bytes, mediaType: MEDIA_TYPES.dockerList, digest: digestOf(bytes) };
}
