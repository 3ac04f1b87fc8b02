import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { FIXTURE_FILES, fixtureBundle, jsonOf } from '../support/catalogs/fixture-catalog.ts';
import { type CatalogOptions, makeCatalogImage } from '../support/catalogs/make-catalog-image.ts';
import { RICH_FILES } from '../support/catalogs/rich-catalog.ts';
import { testIo } from '../support/command-io.ts';
import { testClient } from '../support/registry-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type TestRegistry, startTestRegistry } from '../support/test-registry.ts';

const { signal } = new AbortController();

interface ListSite extends AsyncDisposable {
  readonly registry: TestRegistry;
  put(repository: string, options: CatalogOptions): Promise<void>;
  list(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
}

/** A registry, and `imageset list operators` on a machine that has nothing but this registry. */
async function openSite(): Promise<ListSite> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await temporaryFolder());
  const registry = opened.use(await startTestRegistry());
  const client = opened.use(testClient());
  const conf = join(folder.path, 'registries.conf');
  await writeFile(
    conf,
    `[[registry]]\nprefix = "registry.redhat.io"\nlocation = "${registry.host}"\ninsecure = true\n`,
  );
  const environment = { HOME: folder.path, CONTAINERS_REGISTRIES_CONF: conf };
  const owned = opened.move();
  return {
    registry,
    async put(repository, options) {
      const target = client.target({ host: registry.host, repository });
      await makeCatalogImage(target, { tag: 'v4.20', ...options });
    },
    async list(...args) {
      const io = testIo({ environment, cwd: folder.path });
      const flags = ['--src-tls-verify=false', '--retry-times', '-1'];
      const code = await runCommandLine(['list', 'operators', ...args, ...flags], io, signal);
      return { code, ...io.written };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

describe('imageset list operators', () => {
  it('shows packages, channels with their heads, and versions', async () => {
    await using site = await openSite();
    const platforms = ['amd64', 's390x'].map((architecture) => ({ os: 'linux', architecture }));
    await site.put('olm/rich', { files: { ...FIXTURE_FILES, ...RICH_FILES }, platforms });
    const catalog = `${site.registry.host}/olm/rich:v4.20`;

    const packages = await site.list('--catalog', catalog);
    const heads = await site.list('--catalog', catalog, '--package=tower');
    const versions = await site.list('--catalog', catalog, '--package=tower', '--channel=alpha');

    expect(packages).toEqual({
      code: 0,
      stdout: [
        'NAME    DISPLAY NAME  DEFAULT CHANNEL',
        'gadget                stable',
        'legacy                stable',
        'patchy                main',
        'tower   Tower Three   beta',
        'untidy                stable',
        'widget                stable-4',
        '',
      ].join('\n'),
      stderr: '',
    });
    expect(heads.stdout).toBe(
      [
        'NAME   DISPLAY NAME  DEFAULT CHANNEL',
        'tower  Tower Three   beta',
        '',
        'PACKAGE  CHANNEL  HEAD',
        'tower    alpha    tower.v2.0.0-rc.1',
        'tower    beta     tower.v1.1.0',
        '',
      ].join('\n'),
    );
    expect(versions.stdout).toBe('VERSIONS\n1.0.0\n1.1.0\n2.0.0-rc.1\n');
  });

  it('reads a catalog once per digest, by tag or digest, and prints JSON', async () => {
    await using site = await openSite();
    await site.put('olm/catalog', { files: FIXTURE_FILES });
    const repository = `${site.registry.host}/olm/catalog`;
    const blobs = async (): Promise<number> =>
      (await site.registry.requests()).filter(
        ({ method, path }) => method === 'GET' && path.includes('/blobs/'),
      ).length;

    const first = await site.list('--catalog', `${repository}:v4.20`, '--output', 'json');
    const afterFirst = await blobs();
    const value = JSON.parse(first.stdout) as { digest: string; packages: unknown[] };
    const second = await site.list('--catalog', `${repository}@${value.digest}`);

    expect(value.packages).toHaveLength(3);
    expect(second).toMatchObject({ code: 0 });
    expect(afterFirst).toBeGreaterThan(0);
    expect(await blobs()).toBe(afterFirst);
  });

  it('asks which catalogs of a version are there', async () => {
    await using site = await openSite();
    await site.put('redhat/certified-operator-index', { files: FIXTURE_FILES });

    const { code, stdout } = await site.list('--catalogs', '--version', '4.20');

    const missing = ['redhat-operator', 'community-operator', 'redhat-marketplace'].map(
      (name) =>
        `Invalid catalog reference "registry.redhat.io/redhat/${name}-index:v4.20", please check version`,
    );
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'Available OpenShift OperatorHub catalogs:',
      'OpenShift 4.20:',
      missing[0],
      'registry.redhat.io/redhat/certified-operator-index:v4.20',
      missing[1],
      missing[2],
      '',
    ]);
  });

  it.each([
    { name: 'a catalog that is not there', repository: 'olm/none', says: /olm\/none/ },
    { name: 'SQLite', options: { files: {}, database: true }, says: /SQLite/ },
    { name: 'no label', options: { files: FIXTURE_FILES, label: null }, says: /label/ },
    {
      name: 'a file that is no document',
      options: { files: { 'README.md': '# Hello\n\nThis is [our catalog.\n' } },
      says: /README\.md/,
    },
    {
      name: 'a channel entry without a bundle',
      options: {
        files: {
          'a.json': jsonOf([
            { schema: 'olm.package', name: 'holey', defaultChannel: 'main' },
            {
              schema: 'olm.channel',
              package: 'holey',
              name: 'main',
              entries: [{ name: 'holey.v1.0.0' }, { name: 'holey.v2', replaces: 'holey.v1.0.0' }],
            },
            fixtureBundle('holey', '1.0.0'),
          ]),
        },
      },
      says: /holey\.v2/,
    },
    {
      name: 'an unknown package',
      options: { files: FIXTURE_FILES },
      args: ['--package', 'gadgets'],
      says: /operator "gadgets" not found in catalog.*Did you mean "gadget"/,
    },
  ])(
    'prints nothing but one error for $name, exit 1',
    async ({ options, repository = 'olm/catalog', args = [], says }) => {
      await using site = await openSite();
      if (options !== undefined) await site.put(repository, options);

      const { code, stdout, stderr } = await site.list(
        ...['--catalog', `${site.registry.host}/${repository}:v4.20`, ...args],
      );

      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^\S+ \S+ \S+ \[ERROR\] .* : \[Executor\] /);
      expect(stderr).toMatch(says);
      expect(stderr.match(/\[ERROR\]/g)).toHaveLength(1);
    },
  );

  it('prints the usage with an error of the flags', async () => {
    await using site = await openSite();

    const { code, stdout, stderr } = await site.list('--package', 'gadget');

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^Usage: imageset list operators /);
    expect(stderr).toContain('[Executor] must specify --catalog with --package');
  });
});
