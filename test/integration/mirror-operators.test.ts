import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { openCatalog } from '../../src/catalog/read/open-catalog.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import type { Digest } from '../../src/oci/digest.ts';
import { openStore } from '../../src/store/open-store.ts';
import { FIXTURE_FILES } from '../support/catalogs/fixture-catalog.ts';
import { makeCatalogImage } from '../support/catalogs/make-catalog-image.ts';
import { fixtureCatalog, makeOperatorImages } from '../support/catalogs/operator-images.ts';
import { testIo } from '../support/command-io.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';
import { type TestRegistry, startTestRegistry } from '../support/test-registry.ts';

const signal = new AbortController().signal;
const HEAD = 'apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror:\n';

let sourceFolder: TemporaryFolder;
let source: TestRegistry;
/** Of the catalog image `cat/index:v1`. */
let catalogDigest: Digest;

beforeAll(async () => {
  sourceFolder = await temporaryFolder();
  source = await startTestRegistry({ storageFolder: sourceFolder.path });
  const store = await openStore(sourceFolder.path);
  const { files, images } = await fixtureCatalog(source.host, FIXTURE_FILES);
  await makeOperatorImages((repository) => store.target(repository), images);
  const target = store.target('cat/index');
  const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));
  catalogDigest = await makeCatalogImage(target, { tag: 'v1', files, platforms });
  // The related image of the newest widget is not there; nor is a label in the last one.
  const holes = {
    ...files,
    'widget/catalog.json': files['widget/catalog.json']?.replaceAll('/widget@', '/lost@') ?? '',
  };
  await makeCatalogImage(target, { tag: 'holes', files: holes });
  await makeCatalogImage(target, { tag: 'plain', files, label: null });
}, 60_000);

afterAll(async () => {
  await source[Symbol.asyncDispose]();
  await sourceFolder[Symbol.asyncDispose]();
});

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly mirror: TestRegistry;
  /** The names in `cluster-resources`. */
  readonly resources: readonly string[];
  read(file: string): Promise<string>;
  /** What the mirror has at a repository of `site/`. */
  catalog(repository: string, tag: string): Promise<Catalog>;
  tags(repository: string): Promise<string[]>;
}

async function mirrorOperators(
  operators: string,
  flags: readonly string[],
  check: (run: Run) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  await using storage = await temporaryFolder();
  await using mirror = await startTestRegistry({ storageFolder: storage.path });
  await writeFile(join(folder.path, 'isc.yaml'), `${HEAD}  operators:\n${operators}`);
  const io = testIo({
    cwd: folder.path,
    environment: { HOME: folder.path },
    now: () => new Date(),
  });
  const args = [
    ...['-c', 'isc.yaml', '--workspace', 'file://ws', `docker://${mirror.host}/site`],
    ...['--src-tls-verify=false', '--dest-tls-verify=false', '--retry-times', '0', ...flags],
  ];
  const code = await runCommandLine(args, io, signal);
  const store = await openStore(storage.path);
  const resources = await readdir(join(folder.path, 'ws/working-dir/cluster-resources'));
  await check({
    ...{ code, ...io.written, mirror, resources },
    read: (file) => readFile(join(folder.path, 'ws/working-dir', file), 'utf8'),
    async catalog(repository, tag) {
      const target = store.target(`site/${repository}`);
      const digest = await target.findManifest({ kind: 'tag', tag }, signal);
      if (digest === undefined) throw new Error(`there is no ${repository}:${tag}`);
      const read = store.source(`site/${repository}`);
      const cache = join(folder.path, 'read');
      return openCatalog({ source: read, digest, name: repository, folder: cache }, signal);
    },
    tags: (repository) => store.target(`site/${repository}`).listTags(signal),
  });
}

async function channelsOf(catalog: Catalog): Promise<Record<string, string[]>> {
  const channels: Record<string, string[]> = {};
  for (const name of catalog.packageNames) {
    const read = await catalog.readPackage(name, signal);
    for (const channel of read?.channels ?? []) {
      channels[`${name} ${channel.name}`] = channel.entries.map((entry) => entry.name);
    }
  }
  return channels;
}

const catalogEntry = (rest: string): string =>
  `    - catalog: ${source.host}/cat/index:v1\n${rest}`;

describe('imageset mirror with operators', () => {
  it('mirrors the images of channel heads, and a catalog that lists just these', () =>
    mirrorOperators(
      catalogEntry('      packages: [{name: widget}, {name: gadget}]\n'),
      [],
      async (run) => {
        expect(run.stdout).toMatch(/ (\d+) \/ \1 operator images mirrored successfully/);
        expect(run.code).toBe(0);
        expect(await channelsOf(await run.catalog('cat/index', 'v1'))).toEqual({
          'gadget fast': ['gadget.v2.1.0'],
          'gadget old': ['gadget.v1.1.0'],
          'gadget stable': ['gadget.v2.0.0'],
          'widget stable-4': ['widget.v4.9.0-3'],
        });
        expect(await run.tags('example/widget-bundle')).toHaveLength(1);
        expect(run.resources).toEqual([
          'cc-index-v1.yaml',
          'cs-index-v1.yaml',
          'idms-oc-mirror.yaml',
        ]);
        expect(parse(await run.read('cluster-resources/cs-index-v1.yaml'))).toMatchObject({
          spec: { image: `${run.mirror.host}/site/cat/index:v1`, sourceType: 'grpc' },
        });
        expect(run.stdout).toContain('Pinned ISC written to');
      },
    ));

  it('copies a full catalog as it is', () =>
    mirrorOperators(catalogEntry('      full: true\n'), [], async (run) => {
      expect(run.code).toBe(0);
      expect((await run.catalog('cat/index', 'v1')).digest).toBe(catalogDigest);
    }));

  it('publishes a catalog without a bundle that misses an image, and fails', () =>
    mirrorOperators(
      `    - catalog: ${source.host}/cat/index:holes\n      packages: [{name: widget}, {name: gadget}]\n`,
      [],
      async (run) => {
        expect(run.code).toBe(4);
        expect((await run.catalog('cat/index', 'holes')).packageNames).toEqual(['gadget']);
        expect(run.stdout).toMatch(
          /error mirroring image \S*lost@\S+ \(Operator bundles: \[widget\.v4\.9\.0-3\] - Operators: \[widget\]\) error: /,
        );
        expect(run.resources).toContain('cs-index-holes.yaml');
      },
    ));

  it.each([
    {
      what: 'a default channel that is left out',
      rest: '      packages: [{name: gadget, channels: [{name: fast}]}]\n',
      says: /isc\.yaml:6:\d+: mirror\.operators\[0\]\.packages\[0\].*defaultChannel: fast/s,
    },
    {
      what: 'a package that is not there',
      rest: '      packages: [{name: gadgte}]\n',
      says: /isc\.yaml:6:\d+: mirror\.operators\[0\]\.packages\[0\]\.name.*Did you mean "gadget"/s,
    },
  ])('copies nothing for $what, and says where it stands', ({ rest, says }) =>
    mirrorOperators(catalogEntry(rest), [], async (run) => {
      expect(run.stdout).toMatch(says);
      expect([run.code, run.resources]).toEqual([4, []]);
      const requests = await run.mirror.requests();
      expect(requests.filter(({ method }) => method === 'PUT' || method === 'POST')).toEqual([]);
    }),
  );

  it('says of an image without the label that it is no catalog', () =>
    mirrorOperators(`    - catalog: ${source.host}/cat/index:plain\n`, [], (run) => {
      expect(run.stdout).toMatch(/isc\.yaml:5:7: collect catalog .*label/s);
      expect(run.code).toBe(4);
      return Promise.resolve();
    }));

  it('lists in a dry-run what it would copy, and copies nothing', () =>
    mirrorOperators(
      catalogEntry('      packages: [{name: widget}]\n'),
      ['--dry-run'],
      async (run) => {
        expect(run.code).toBe(0);
        const lines = (await run.read('dry-run/mapping.txt')).trimEnd().split('\n');
        expect(lines).toHaveLength(5);
        expect(lines[0]).toMatch(
          /^docker:\/\/\S+\/example\/widget@(sha256:[0-9a-f]+)=docker:\/\/\S+\/site\/example\/widget:sha256-/,
        );
        expect(lines[3]).toBe(
          `docker://${source.host}/cat/index@${catalogDigest}=docker://localhost:55000/cat/index:v1`,
        );
        expect(await run.tags('cat/index')).toEqual([]);
      },
    ));
});
