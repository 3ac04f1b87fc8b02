import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import {
  at,
  readImages,
  readJson,
  readLayer,
  readParsed,
} from '../../../test/support/catalogs/read-layer.ts';
import { GRAPH_FILES, type GraphEntry, graphTarball } from '../../../test/support/graph-tarball.ts';
import {
  type ImageOptions,
  type MadeImage,
  makeArtifact,
  makeImage,
  makeIndex,
} from '../../../test/support/make-image.ts';
import { type MemoryRegistry, createMemoryRegistry } from '../../../test/support/memory-ends.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { writeContent, contentFile } from '../../built/built-content.ts';

import { MEDIA_TYPES } from '../../oci/media-types.ts';
import { buildGraphImage } from './build-graph-image.ts';
import type { BuiltGraphImage, GraphData } from './graph-image.ts';
import { readGraphTarball } from './graph-tarball.ts';

const { signal } = new AbortController();
const PLATFORMS = ['amd64', 'arm64', 'ppc64le', 's390x'].map((architecture) => {
  return { os: 'linux', architecture };
});
const PREFIX = 'var/lib/cincinnati-graph-data';
const COMMAND = [
  '/bin/bash',
  '-c',
  'exec cp -rp /var/lib/cincinnati-graph-data/* /var/lib/cincinnati/graph-data',
];
const KNOWN_DIGEST = 'sha256:1588843a809524784440e8be33447ed6e4d61c2f8492bf30334dabd1eee9d7e0';

interface ReadConfig {
  readonly architecture: string;
  readonly config: { readonly Cmd: readonly string[]; readonly Labels: unknown };
  readonly rootfs: { readonly diff_ids: readonly string[] };
}

/** Without compression, whose bytes depend on the Node that makes them. */
async function makeBase(options: ImageOptions = {}): Promise<MadeImage> {
  const { mediaTypes = 'oci' } = options;
  const instances = PLATFORMS.map((platform) =>
    makeImage({ seed: 'ubi9', compression: 'none', ...options, platform }),
  );
  return makeIndex(await Promise.all(instances), { mediaTypes });
}

function serve(base: MadeImage): MemoryRegistry {
  const registry = createMemoryRegistry('registry.access.redhat.com');
  registry.add('ubi9/ubi', base, 'latest');
  return registry;
}

async function keepData(
  folder: string,
  files: Parameters<typeof graphTarball>[0] = GRAPH_FILES,
  options: Parameters<typeof graphTarball>[1] = {},
): Promise<GraphData> {
  const tarball = await graphTarball(files, options);
  const { digest } = await writeContent(folder, [tarball], signal);
  const reading = readGraphTarball(Readable.from([tarball]));
  for (;;) {
    const next = await reading.next();
    if (next.done === true)
      return { digest: next.value.digest, file: join(folder, contentFile(digest)) };
  }
}

async function build(
  base: MadeImage,
  folder: string,
  options: { readonly data?: GraphData; readonly registry?: MemoryRegistry } = {},
): Promise<BuiltGraphImage> {
  const { data = await keepData(folder), registry = serve(base) } = options;
  const source = registry.source('ubi9/ubi');
  return buildGraphImage({ base: source, baseDigest: base.top.digest, data, folder }, signal);
}

async function layerOf(
  files: Parameters<typeof graphTarball>[0],
): Promise<(readonly [string, string])[]> {
  await using folder = await temporaryFolder();
  const base = await makeBase();
  const data = await keepData(folder.path, files);
  const { digest, image } = await build(base, folder.path, { data });
  const instance = at(await readImages(image, digest), 0);
  const entries = await readLayer(image, at(instance.layers, -1));
  return entries.map(({ name, text }) => [name, text] as const);
}

describe('the graph image', () => {
  it('is each instance of the base with a layer on top, and another command', async () => {
    await using folder = await temporaryFolder();
    const base = await makeBase();
    const { digest, image } = await build(base, folder.path);
    const index = await readParsed(image, digest);
    expect(index.kind === 'index' && index.manifests.map(({ platform }) => platform)).toEqual(
      PLATFORMS,
    );
    const source = serve(base).source('ubi9/ubi');
    const before = await readImages(source, base.top.digest);
    const after = await readImages(image, digest);
    expect(after).toHaveLength(4);
    for (const [position, built] of after.entries()) {
      const original = at(before, position);
      expect(built.layers.slice(0, -1)).toEqual(original.layers);
      expect(at(built.layers, -1).mediaType).toBe('application/vnd.oci.image.layer.v1.tar+gzip');
      const [was, is] = [
        (await readJson(source, original.config)) as ReadConfig,
        (await readJson(image, built.config)) as ReadConfig,
      ];
      expect(is.config).toEqual({ ...was.config, Cmd: COMMAND });
      expect(is.architecture).toBe(PLATFORMS[position]?.architecture);
      expect(is.rootfs.diff_ids.slice(0, -1)).toEqual(was.rootfs.diff_ids);
    }
  });

  it('has the graph data in one form: sorted, all folders named, owner 0, no times', async () => {
    await using folder = await temporaryFolder();
    const { digest, image } = await build(await makeBase(), folder.path);
    const instance = at(await readImages(image, digest), 0);
    const entries = await readLayer(image, at(instance.layers, -1));
    expect(entries.map(({ name, mode }) => [name, mode])).toEqual([
      [`${PREFIX}/`, 0o755],
      [`${PREFIX}/LICENSE`, 0o644],
      [`${PREFIX}/blocked-edges/`, 0o755],
      [`${PREFIX}/blocked-edges/4.18.4-SomeRisk.yaml`, 0o644],
      [`${PREFIX}/channels/`, 0o755],
      [`${PREFIX}/channels/stable-4.18.yaml`, 0o644],
      [`${PREFIX}/raw/`, 0o755],
      [`${PREFIX}/raw/metadata.json`, 0o644],
      [`${PREFIX}/version`, 0o644],
    ]);
    for (const { uid, gid, mtime } of entries)
      expect({ uid, gid, mtime }).toEqual({ uid: 0, gid: 0, mtime: 0 });
    const texts = Object.values(GRAPH_FILES).filter((entry) => typeof entry === 'string');
    expect(new Set(entries.map(({ text }) => text))).toEqual(new Set([...texts, '']));
  });

  it('has every file whole, however large, and empty ones', async () => {
    const large = 'line of a channel\n'.repeat(60_000);
    const files: Record<string, GraphEntry> = {
      'channels/large.yaml': large,
      'channels/empty.yaml': '',
      version: '1.0.0',
    };
    expect(await layerOf(files)).toEqual([
      [`${PREFIX}/`, ''],
      [`${PREFIX}/channels/`, ''],
      [`${PREFIX}/channels/empty.yaml`, ''],
      [`${PREFIX}/channels/large.yaml`, large],
      [`${PREFIX}/version`, '1.0.0'],
    ]);
  });

  it('has one digest whatever the folder, the clock, and how the tarball was packed', async () => {
    const base = await makeBase();
    const entries = Object.entries(GRAPH_FILES);
    const ways = [
      {},
      { options: { level: 1, mtime: new Date('2026-01-01T00:00:00Z'), owner: 0 } },
      { files: entries.toReversed() },
    ];
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2001-02-03T04:05:06Z') });
    try {
      for (const { files, options } of ways) {
        await using folder = await temporaryFolder();
        const data = await keepData(folder.path, files, options);
        expect((await build(base, folder.path, { data })).digest).toBe(KNOWN_DIGEST);
      }
    } finally {
      vi.useRealTimers();
    }
  });

  it('is another one with other data, and on another base', async () => {
    await using folder = await temporaryFolder();
    const base = await makeBase();
    const { digest } = await build(base, folder.path);
    const data = await keepData(folder.path, { ...GRAPH_FILES, LICENSE: 'another' });
    expect((await build(base, folder.path, { data })).digest).not.toBe(digest);
    const newer = await makeBase({ seed: 'newer' });
    expect((await build(newer, folder.path)).digest).not.toBe(digest);
  });

  it('is not built again, but once it is lost', async () => {
    await using folder = await temporaryFolder();
    const base = await makeBase();
    const registry = serve(base);
    const { digest, image } = await build(base, folder.path, { registry });
    const requests = registry.requests.length;
    expect(requests).toBeGreaterThan(0);
    expect((await build(base, folder.path, { registry })).digest).toBe(digest);
    expect(registry.requests).toHaveLength(requests);

    const instance = at(await readImages(image, digest), 0);
    await rm(join(folder.path, contentFile(at(instance.layers, -1).digest)));
    expect((await build(base, folder.path, { registry })).digest).toBe(digest);
    expect(registry.requests.length).toBeGreaterThan(requests);
    expect(await readLayer(image, at(instance.layers, -1))).not.toEqual([]);
  });

  it('keeps docker types where the base has them', async () => {
    await using folder = await temporaryFolder();
    const { digest, image } = await build(await makeBase({ mediaTypes: 'docker' }), folder.path);
    const index = await image.readManifest({ kind: 'digest', digest }, signal);
    expect(index.mediaType).toBe(MEDIA_TYPES.dockerList);
    const instance = at(await readImages(image, digest), 0);
    expect(at(instance.layers, -1).mediaType).toBe(
      'application/vnd.docker.image.rootfs.diff.tar.gzip',
    );
    expect(instance.config.mediaType).toBe('application/vnd.docker.container.image.v1+json');
  });

  it('is an index of one on a base that is a single image, for the platform of its config', async () => {
    await using folder = await temporaryFolder();
    const platform = { os: 'linux', architecture: 's390x' };
    const { digest, image } = await build(await makeImage({ platform }), folder.path);
    const index = await readParsed(image, digest);
    expect(index.kind === 'index' && index.manifests.map((one) => one.platform)).toEqual([
      platform,
    ]);
  });

  it('leaves attestations of the base out', async () => {
    await using folder = await temporaryFolder();
    const attestation = await makeImage({ seed: 'attestation' });
    const unknown = { os: 'unknown', architecture: 'unknown' };
    const base = makeIndex([
      await makeImage({ seed: 'ubi9' }),
      { ...attestation, descriptor: { ...attestation.descriptor, platform: unknown } },
      makeArtifact({
        artifactType: 'application/vnd.in-toto+json',
        layers: [{ mediaType: 'application/vnd.in-toto+json', content: '{}' }],
      }),
    ]);
    const { digest, image } = await build(base, folder.path);
    expect(await readImages(image, digest)).toHaveLength(1);
  });
});

describe('a graph image that cannot be built', () => {
  it('on a base that is no container image fails', async () => {
    await using folder = await temporaryFolder();
    const base = makeArtifact({
      artifactType: 'application/vnd.example',
      layers: [{ mediaType: 'text/plain', content: 'x' }],
    });
    await expect(build(base, folder.path)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });

  it.each([
    { what: 'no tarball any more', content: 'x', code: 'GRAPH_DATA_INVALID' },
    { what: 'another tarball', content: undefined, code: 'DIGEST_MISMATCH' },
    { what: 'gone', content: '', code: 'STORE_UNAVAILABLE' },
  ])(
    'of data whose file is $what fails, and leaves nothing half-written',
    async ({ content, code }) => {
      await using folder = await temporaryFolder();
      const base = await makeBase();
      const data = await keepData(folder.path);
      if (content === '') await rm(data.file);
      else
        await writeFile(
          data.file,
          content ?? (await graphTarball({ ...GRAPH_FILES, LICENSE: 'another' })),
        );
      await expect(build(base, folder.path, { data })).rejects.toMatchObject({ code });
      expect(await readdir(join(folder.path, 'unfinished'))).toEqual([]);
      await expect(readdir(join(folder.path, 'built'))).rejects.toMatchObject({ code: 'ENOENT' });
    },
  );

  it('stops when it is told to', async () => {
    await using folder = await temporaryFolder();
    const base = await makeBase();
    const data = await keepData(folder.path);
    const stopped = AbortSignal.abort(new Error('stop'));
    const source = serve(base).source('ubi9/ubi');
    const options = { base: source, baseDigest: base.top.digest, data, folder: folder.path };
    await expect(buildGraphImage(options, stopped)).rejects.toThrow('stop');
  });
});
