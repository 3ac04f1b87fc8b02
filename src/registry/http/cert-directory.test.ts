import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { endSettings } from '../../../test/support/end-settings.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { caFileFor, readHostCertificates } from './cert-directory.ts';

async function write(directory: string, ...names: string[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const name of names) await writeFile(join(directory, name), name);
}

it.each([
  {
    directories: ['home/.config/containers', 'etc/containers', 'etc/docker'],
    taken: 'home/.config/containers',
  },
  { directories: ['etc/containers', 'etc/docker'], taken: 'etc/containers' },
  { directories: ['etc/docker'], taken: 'etc/docker' },
])('takes $taken of $directories', async ({ directories, taken }) => {
  await using folder = await temporaryFolder();
  for (const directory of directories) {
    await write(
      join(folder.path, directory, 'certs.d/r.example.com:5000'),
      `${directory.replaceAll('/', '-')}.crt`,
    );
    await write(join(folder.path, directory, 'certs.d/r.example.com'), 'without-port.crt');
  }
  const places = endSettings({
    fileRoot: folder.path,
    environment: { HOME: join(folder.path, 'home') },
  });

  const { authorities } = await readHostCertificates('r.example.com:5000', places);

  expect(authorities).toEqual([`${taken.replaceAll('/', '-')}.crt`]);
  expect(caFileFor('r', places)).toBe(join(folder.path, 'etc/containers/certs.d/r/ca.crt'));
});

it('reads authorities and pairs, and leaves the rest alone', async () => {
  await using folder = await temporaryFolder();
  await write(
    folder.path,
    'b.crt',
    'a.crt',
    'x.cert',
    'x.key',
    'y.cert',
    'y.key',
    'README',
    'ca.pem',
  );

  expect(await readHostCertificates('r', endSettings({ certDirectory: folder.path }))).toEqual({
    authorities: ['a.crt', 'b.crt'],
    pairs: [
      { cert: 'x.cert', key: 'x.key' },
      { cert: 'y.cert', key: 'y.key' },
    ],
  });
});

it.each([
  { file: 'x.cert', says: /missing key .*x\.key for client certificate .*x\.cert/ },
  { file: 'x.key', says: /missing client certificate .*x\.cert for key .*x\.key/ },
])('refuses $file alone', async ({ file, says }) => {
  await using folder = await temporaryFolder();
  await write(folder.path, file);

  await expect(
    readHostCertificates('r', endSettings({ certDirectory: folder.path })),
  ).rejects.toMatchObject({
    code: 'REGISTRY_TLS',
    message: expect.stringMatching(says) as string,
  });
});

it('has nothing where there is no directory, but wants the one that was named', async () => {
  expect(await readHostCertificates('r', endSettings())).toEqual({ authorities: [], pairs: [] });

  await expect(
    readHostCertificates('r', endSettings({ certDirectory: '/nonexistent/certs' })),
  ).rejects.toMatchObject({
    code: 'REGISTRY_TLS',
  });
});
