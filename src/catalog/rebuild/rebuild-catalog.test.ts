import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { FIXTURE_FILES, jsonOf } from '../../../test/support/catalogs/fixture-catalog.ts';
import {
  type CatalogOptions,
  CONFIGS_LABEL,
  makeCatalog,
} from '../../../test/support/catalogs/make-catalog-image.ts';
import { type PlainCatalog, plainCatalog } from '../../../test/support/catalogs/plain-catalog.ts';
import {
  at,
  readImages,
  readJson,
  readLayer,
  readParsed,
} from '../../../test/support/catalogs/read-layer.ts';
import {
  makeArtifact,
  makeCosignSignature,
  makeIndex,
  type MadeImage,
  seededBytes,
} from '../../../test/support/make-image.ts';
import { createMemoryRegistry } from '../../../test/support/memory-ends.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { Platform } from '../../oci/descriptor.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { MEDIA_TYPES } from '../../oci/media-types.ts';
import type { CatalogPackage } from '../catalog-package.ts';
import { contentFile } from '../../built/built-content.ts';
import { findRebuilt } from './find-rebuilt.ts';
import { type BuiltCatalog, rebuildCatalog } from './rebuild-catalog.ts';

const { signal } = new AbortController();
const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64' };
const S390X = { os: 'linux', architecture: 's390x' };
const KNOWN_DIGEST = 'sha256:f398cee6530483bd8488a3261ae976ec1140920e82369436cc4e4a6b6af1f9f1';
const INPUTS = digestOf(Buffer.from('inputs'));

interface ReadConfig {
  readonly config: object;
  readonly history: readonly object[];
  readonly rootfs: { readonly diff_ids: readonly string[] };
}

interface World {
  readonly source: ImageSource;
  readonly catalog: PlainCatalog;
}

function worldOf(
  image: MadeImage,
  files: Readonly<Record<string, string>>,
  folder?: string,
): World {
  const registry = createMemoryRegistry('registry.example.com');
  registry.add('catalog', image, 'v1');
  return {
    source: registry.source('catalog'),
    catalog: plainCatalog(image.top.digest, files, folder),
  };
}

/** The same for good: more than the compressor takes at once, of bytes that no other program made. */
function steadyFiles(): Record<string, string> {
  const bundles = Array.from({ length: 300 }, (_, index) => {
    const description = seededBytes(`bundle ${index}`, 300).toString('base64').repeat(2);
    const name = `gadget.v1.${index}.0`;
    return { schema: 'olm.bundle', package: 'gadget', name, image: 'i', properties: [description] };
  });
  return {
    'gadget.json': jsonOf([
      { schema: 'olm.package', name: 'gadget', defaultChannel: 'stable' },
      {
        schema: 'olm.channel',
        package: 'gadget',
        name: 'stable',
        entries: [{ name: 'gadget.v1.0.0' }],
      },
      ...bundles,
    ]),
    'gadget.yaml': '---\nschema: example.com/notes # kept\npackage: gadget\n',
  };
}

async function makeWorld(options: Partial<CatalogOptions> = {}): Promise<World> {
  const image = await makeCatalog({ files: FIXTURE_FILES, ...options });
  return worldOf(image, FIXTURE_FILES, (options.label ?? '/configs').replaceAll(/^\/|\/$/g, ''));
}

async function rebuild(
  { source, catalog }: World,
  folder: string,
  options: {
    readonly packages?: readonly CatalogPackage[];
    readonly platforms?: readonly Platform[];
    readonly inputs?: Digest;
  } = {},
): Promise<BuiltCatalog> {
  const { packages = catalog.packages, platforms, inputs = INPUTS } = options;
  const { globals } = catalog;
  return rebuildCatalog({ catalog, source, packages, globals, platforms, inputs, folder }, signal);
}

/** Gadget with its channel `stable` alone, of which the newest entries are left. */
function filteredGadget(catalog: PlainCatalog): CatalogPackage {
  const gadget = catalog.package('gadget');
  const names = new Set(['gadget.v1.2.0', 'gadget.v2.0.0']);
  return {
    ...gadget,
    channels: gadget.channels
      .filter(({ name }) => name === 'stable')
      .map((channel) => ({
        ...channel,
        entries: channel.entries.filter(({ name }) => names.has(name)),
        isChanged: true,
      })),
    bundles: gadget.bundles.filter(({ name }) => names.has(name)),
    deprecations: gadget.deprecations.map((one) => ({ ...one, entries: [], isChanged: true })),
  };
}

it('puts two layers on each image: one that hides the old configs, one with the new ones', async () => {
  await using folder = await temporaryFolder();
  const world = await makeWorld({ platforms: [AMD64, ARM64] });
  const { digest, image } = await rebuild(world, folder.path);
  const index = await readParsed(image, digest);
  expect(index.kind === 'index' && index.manifests.map(({ platform }) => platform)).toEqual([
    AMD64,
    ARM64,
  ]);

  const before = await readImages(world.source, world.catalog.digest);
  const after = await readImages(image, digest);
  for (const [position, rebuilt] of after.entries()) {
    expect(rebuilt.layers.slice(0, -2)).toEqual(before[position]?.layers);
    const [hiding, configs] = [at(rebuilt.layers, -2), at(rebuilt.layers, -1)];
    expect((await readLayer(image, hiding)).map(({ name }) => name)).toEqual([
      '.wh.configs',
      'tmp/',
      'tmp/.wh.cache',
    ]);
    expect((await readLayer(image, configs)).map(({ name }) => name)).toEqual([
      'configs/',
      'configs/gadget/',
      'configs/gadget/catalog.yaml',
      'configs/patchy/',
      'configs/patchy/catalog.json',
      'configs/widget/',
      'configs/widget/catalog.json',
    ]);
    expect(rebuilt.layers.at(-1)?.digest).toBe(after[0]?.layers.at(-1)?.digest);
  }
});

it('serves the new configs without the old cache, and leaves the rest of the config alone', async () => {
  await using folder = await temporaryFolder();
  const world = await makeWorld({ platforms: [AMD64, ARM64] });
  const { digest, image } = await rebuild(world, folder.path);
  const before = at(await readImages(world.source, world.catalog.digest), 0);
  const after = at(await readImages(image, digest), 0);

  const old = (await readJson(world.source, before.config)) as ReadConfig;
  const now = (await readJson(image, after.config)) as ReadConfig;
  const time = { created: '1970-01-01T00:00:00Z', created_by: 'imageset-controller' };
  expect(now).toEqual({
    ...old,
    config: { ...old.config, Cmd: ['serve', '/configs'] },
    rootfs: { type: 'layers', diff_ids: expect.any(Array) as unknown },
    history: [...old.history, time, time],
  });
  expect(now.rootfs.diff_ids).toHaveLength(after.layers.length);
  expect(Object.keys(now)).toEqual(Object.keys(old));
});

it('copies unchanged documents byte by byte, and changes only what the filter changed', async () => {
  await using folder = await temporaryFolder();
  const world = await makeWorld();
  const packages = [filteredGadget(world.catalog), world.catalog.package('widget')];
  const { digest, image } = await rebuild(world, folder.path, { packages });
  const instance = at(await readImages(image, digest), 0);
  const texts = new Map(
    (await readLayer(image, at(instance.layers, -1))).map(({ name, text }) => [name, text]),
  );

  expect(texts.get('configs/widget/catalog.json')).toBe(FIXTURE_FILES['widget/catalog.json']);
  const documents = (FIXTURE_FILES['gadget/catalog.yaml'] ?? '').split(/^(?=---\n)/m);
  const kept = [/^schema: olm.package/m, /^name: gadget.v1.2.0/m, /^name: gadget.v2.0.0/m];
  expect(texts.get('configs/gadget/catalog.yaml')).toBe(
    kept.map((pattern) => documents.find((one) => pattern.test(one))).join(''),
  );
  expect(texts.get('configs/gadget/catalog.json')).toBe(
    `${JSON.stringify(
      {
        schema: 'olm.channel',
        package: 'gadget',
        name: 'stable',
        entries: [
          {
            name: 'gadget.v1.2.0',
            replaces: 'gadget.v1.1.0',
            skips: ['gadget.v1.1.1'],
            skipRange: '>=1.0.0 <1.2.0',
          },
          { name: 'gadget.v2.0.0', replaces: 'gadget.v1.2.0' },
        ],
      },
      undefined,
      4,
    )}\n${JSON.stringify({ schema: 'olm.deprecations', package: 'gadget', entries: [] }, undefined, 4)}\n`,
  );
});

it('writes entries that everybody can read and that have no time', async () => {
  await using folder = await temporaryFolder();
  const { digest, image } = await rebuild(await makeWorld(), folder.path);
  const instance = at(await readImages(image, digest), 0);
  const layers = instance.layers.slice(-2).map((layer) => readLayer(image, layer));
  for (const { name, type, mode, uid, gid, mtime } of (await Promise.all(layers)).flat()) {
    const folderMode = name === 'tmp/' ? 0o1777 : 0o755;
    expect({ name, mode }).toEqual({ name, mode: type === 'directory' ? folderMode : 0o644 });
    expect({ name, uid, gid, mtime }).toEqual({ name, uid: 0, gid: 0, mtime: 0 });
  }
});

it('gives one digest whatever the folder, the umask and the clock', async () => {
  const built: Digest[] = [];
  for (const [mask, now] of [
    [0o022, '2001-02-03T04:05:06Z'],
    [0o077, '2033-02-03T04:05:06Z'],
  ] as const) {
    await using folder = await temporaryFolder();
    const before = process.umask(mask);
    vi.useFakeTimers({ now: new Date(now), toFake: ['Date'] });
    try {
      // The layers of this source are not compressed: they are the same on every Node too.
      const files = steadyFiles();
      const platforms = [AMD64, ARM64];
      const image = await makeCatalog({ files, compression: 'none', platforms });
      const world = worldOf(image, files);
      const gadget = world.catalog.package('gadget');
      const definitions = gadget.definitions.map(
        (one) => ({ ...one, defaultChannel: 'fast', isChanged: true }) as const,
      );
      const packages = [{ ...gadget, definitions }];
      built.push((await rebuild(world, folder.path, { packages })).digest);
    } finally {
      vi.useRealTimers();
      process.umask(before);
    }
  }
  // Another digest means that every catalog of every mirror is pushed again: LAYER_FORMAT has to grow.
  expect(built).toEqual([KNOWN_DIGEST, KNOWN_DIGEST]);
});

it('builds nothing again that it has, and builds again what is lost', async () => {
  await using folder = await temporaryFolder();
  const { source, catalog } = await makeWorld({ platforms: [AMD64, ARM64] });
  const { digest, image } = await rebuild({ source, catalog }, folder.path);
  expect(await findRebuilt(folder.path, INPUTS, signal)).toBe(digest);
  const unread: PlainCatalog = {
    ...catalog,
    readDocument: () => Promise.reject(new Error('nothing is read again')),
  };
  expect((await rebuild({ source, catalog: unread }, folder.path)).digest).toBe(digest);

  const instance = at(await readImages(image, digest), 0);
  const own = [
    digest,
    instance.config.digest,
    ...instance.layers.slice(-2).map((one) => one.digest),
  ];
  for (const lost of own) {
    await rm(join(folder.path, contentFile(lost)));
    expect(await findRebuilt(folder.path, INPUTS, signal)).toBeUndefined();
    expect((await rebuild({ source, catalog }, folder.path)).digest).toBe(digest);
  }
  await writeFile(join(folder.path, contentFile(digest)), '{}');
  expect(await findRebuilt(folder.path, INPUTS, signal)).toBeUndefined();
});

it('leaves nothing half-written when it fails', async () => {
  await using folder = await temporaryFolder();
  const { source, catalog } = await makeWorld();
  let reads = 0;
  const failing: PlainCatalog = {
    ...catalog,
    readDocument(span, readSignal) {
      reads += 1;
      if (reads > 5) return Promise.reject(new Error('the disk is gone'));
      return catalog.readDocument(span, readSignal);
    },
  };
  await expect(rebuild({ source, catalog: failing }, folder.path)).rejects.toThrow(
    'the disk is gone',
  );
  expect(await readdir(join(folder.path, 'unfinished'))).toEqual([]);
  expect(await findRebuilt(folder.path, INPUTS, signal)).toBeUndefined();
});

it('moves one layer and what names it when a document more is kept', async () => {
  await using folder = await temporaryFolder();
  const world = await makeWorld({ platforms: [AMD64, ARM64] });
  const few = await rebuild(world, folder.path, { packages: [world.catalog.package('widget')] });
  const before = new Set(await readdir(join(folder.path, 'blobs/sha256')));
  const all = await rebuild(world, folder.path, { inputs: digestOf(Buffer.from('others')) });
  expect(all.digest).not.toBe(few.digest);
  const added = (await readdir(join(folder.path, 'blobs/sha256'))).filter(
    (one) => !before.has(one),
  );
  // The layer of configs; config and manifest of both images; the index.
  expect(added).toHaveLength(1 + 2 + 2 + 1);
});

it.each([
  { label: '/olm', hidden: ['.wh.configs', '.wh.olm'] },
  { label: '/configs/all', hidden: ['.wh.configs'] },
  // What the folders above are like is not known, and they would have to be written too.
  { label: '/opt/olm', hidden: ['.wh.configs'] },
])('hides configs that were in $label, and says where they are now', async ({ label, hidden }) => {
  await using folder = await temporaryFolder();
  const { digest, image } = await rebuild(await makeWorld({ label }), folder.path);
  const instance = at(await readImages(image, digest), 0);
  const hiding = await readLayer(image, at(instance.layers, -2));
  expect(hiding.map(({ name }) => name)).toEqual([...hidden, 'tmp/', 'tmp/.wh.cache']);
  const config = await readJson(image, instance.config);
  expect(config).toMatchObject({ config: { Labels: { [CONFIGS_LABEL]: '/configs' } } });
});

it('keeps docker types where the source has them', async () => {
  await using folder = await temporaryFolder();
  const world = await makeWorld({ mediaTypes: 'docker', platforms: [AMD64, ARM64] });
  const { digest, image } = await rebuild(world, folder.path);
  const index = await image.readManifest({ kind: 'digest', digest }, signal);
  expect(index.mediaType).toBe(MEDIA_TYPES.dockerList);
  const parsed = await readParsed(image, digest);
  const children = parsed.kind === 'index' ? parsed.manifests : [];
  expect(children.map(({ mediaType }) => mediaType)).toEqual(
    Array(2).fill(MEDIA_TYPES.dockerManifest),
  );
  const instance = at(await readImages(image, digest), 0);
  expect(new Set(instance.layers.map(({ mediaType }) => mediaType))).toEqual(
    new Set(['application/vnd.docker.image.rootfs.diff.tar.gzip']),
  );
  expect(instance.config.mediaType).toBe('application/vnd.docker.container.image.v1+json');
});

it('makes an index of a single image, for the platform of its config', async () => {
  await using folder = await temporaryFolder();
  const world = await makeWorld({ platforms: [S390X] });
  const { digest, image } = await rebuild(world, folder.path, { platforms: [AMD64] });
  const index = await readParsed(image, digest);
  expect(index.kind === 'index' && index.manifests.map(({ platform }) => platform)).toEqual([
    S390X,
  ]);
});

it('builds the instances of nested indexes and leaves attestations out', async () => {
  await using folder = await temporaryFolder();
  const [amd64, arm64] = [
    await makeCatalog({ files: FIXTURE_FILES, platforms: [AMD64] }),
    await makeCatalog({ files: FIXTURE_FILES, platforms: [ARM64] }),
  ];
  // BuildKit's attestations have the config of an image, and are told by their descriptors alone.
  const attestation = await makeCatalog({ files: {}, platforms: [AMD64] });
  const unknown = { os: 'unknown', architecture: 'unknown' };
  const annotations = { 'vnd.docker.reference.type': 'attestation-manifest' };
  const attestations = [
    { ...attestation, descriptor: { ...attestation.descriptor, platform: unknown } },
    { ...attestation, descriptor: { ...attestation.descriptor, annotations } },
    makeArtifact({
      artifactType: 'application/vnd.in-toto+json',
      layers: [{ mediaType: 'application/vnd.in-toto+json', content: '{}' }],
    }),
  ];
  const index = makeIndex([makeIndex([arm64]), amd64, ...attestations]);
  const world = worldOf(index, FIXTURE_FILES);
  const { digest, image } = await rebuild(world, folder.path);
  const parsed = await readParsed(image, digest);
  expect(parsed.kind === 'index' && parsed.manifests).toEqual([
    {
      mediaType: MEDIA_TYPES.ociManifest,
      digest: expect.any(String) as unknown,
      size: expect.any(Number) as unknown,
      platform: ARM64,
    },
    {
      mediaType: MEDIA_TYPES.ociManifest,
      digest: expect.any(String) as unknown,
      size: expect.any(Number) as unknown,
      platform: AMD64,
    },
  ]);
});

it('builds only the platforms that are wanted', async () => {
  await using folder = await temporaryFolder();
  const world = await makeWorld({ platforms: [AMD64, ARM64, S390X] });
  const { digest, image } = await rebuild(world, folder.path, { platforms: [S390X, AMD64] });
  const index = await readParsed(image, digest);
  expect(index.kind === 'index' && index.manifests.map(({ platform }) => platform)).toEqual([
    AMD64,
    S390X,
  ]);
  const other = rebuild(world, folder.path, {
    platforms: [{ os: 'windows', architecture: 'amd64' }],
    inputs: digestOf(Buffer.from('windows')),
  });
  await expect(other).rejects.toMatchObject({ code: 'PLATFORM_NOT_FOUND' });
});

it('carries no signatures over, and has no tags', async () => {
  await using folder = await temporaryFolder();
  const made = await makeCatalog({ files: FIXTURE_FILES });
  const registry = createMemoryRegistry('registry.example.com');
  registry.add('catalog', made, 'v1');
  const signature = makeCosignSignature(made.top.digest);
  registry.add('catalog', signature.image, signature.tag);
  const source = registry.source('catalog');
  const catalog = plainCatalog(made.top.digest, FIXTURE_FILES);
  const { digest, image } = await rebuild({ source, catalog }, folder.path);
  expect((await source.findAttachments(made.top.digest, signal)).tags).toEqual([signature.tag]);
  for (const one of [digest, made.top.digest])
    expect(await image.findAttachments(one, signal)).toEqual({ tags: [], referrers: [] });
  await expect(image.readManifest({ kind: 'tag', tag: 'v1' }, signal)).rejects.toMatchObject({
    code: 'REGISTRY_NOT_FOUND',
  });
});

it('notices that a built manifest was changed on disk', async () => {
  await using folder = await temporaryFolder();
  const { digest, image } = await rebuild(await makeWorld(), folder.path);
  await writeFile(join(folder.path, contentFile(digest)), '{"manifests":[]}');
  await expect(image.readManifest({ kind: 'digest', digest }, signal)).rejects.toMatchObject({
    code: 'DIGEST_MISMATCH',
  });
});

it.each(['..', 'a/b', '', '.wh.gadget', 'a\nb', 'catalog.json', 'a\\b'])(
  'refuses the package %j, which cannot be a folder',
  async (name) => {
    await using folder = await temporaryFolder();
    const world = await makeWorld();
    const packages = [{ ...world.catalog.package('widget'), name }];
    await expect(rebuild(world, folder.path, { packages })).rejects.toMatchObject({
      code: 'CATALOG_INVALID',
    });
  },
);

it('never uses the compressor that Node was built with', async () => {
  for (const folder of [import.meta.dirname, join(import.meta.dirname, '../../built')]) {
    const files = (await readdir(folder)).filter((name) => !name.endsWith('.test.ts'));
    for (const name of files)
      expect(await readFile(join(folder, name), 'utf8')).not.toMatch(/node:zlib|require/);
  }
});
