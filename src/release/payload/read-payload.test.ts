import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nested, skippable, tarHeader } from '../../../test/support/catalogs/altered-image.ts';
import { type LayerEntry, filesToEntries } from '../../../test/support/catalogs/tar-layer.ts';
import { type MadeImage, makeIndex } from '../../../test/support/make-image.ts';
import { type MemoryRegistry, createMemoryRegistry } from '../../../test/support/memory-ends.ts';
import { makeLayeredImage } from '../../../test/support/releases/layered-image.ts';
import { type ReleaseOptions, makeRelease } from '../../../test/support/releases/make-release.ts';
import { releaseFiles } from '../../../test/support/releases/release-files.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { ControllerError } from '../../base/controller-error.ts';
import { PAYLOAD_LIMITS } from './limits.ts';
import type { PayloadContent } from './payload-content.ts';
import { readPayload } from './read-payload.ts';

const NAME = 'quay.io/r/release:4.18.1-x86_64';
const host = '127.0.0.1:5000';
const hex = 'a'.repeat(64);

let folder: TemporaryFolder;
let registry: MemoryRegistry;

beforeEach(async () => {
  folder = await temporaryFolder();
  registry = createMemoryRegistry('quay.io');
});
afterEach(() => folder[Symbol.asyncDispose]());

async function read(image: MadeImage, signal?: AbortSignal): Promise<PayloadContent> {
  registry.add('r/release', image);
  return readPayload(
    registry.source('r/release'),
    image.top.digest,
    { name: NAME, folder: folder.path },
    signal ?? new AbortController().signal,
  );
}

async function refusal(image: MadeImage): Promise<ControllerError> {
  const error: unknown = await read(image).catch((thrown: unknown) => thrown);
  if (error instanceof ControllerError) return error;
  throw error instanceof Error ? error : new Error('the payload was not refused');
}

/** The files of a release with one component, `cli`, at that digest. */
function manifests(digest = hex, version = '4.18.1'): Record<string, string> {
  return releaseFiles({
    version,
    components: [{ name: 'cli', reference: `quay.io/r/content@sha256:${digest}` }],
    isMulti: false,
    platform: { os: 'linux', architecture: 'amd64' },
    withImageReferences: true,
  });
}

function layered(...layers: readonly (readonly LayerEntry[] | Uint8Array)[]): Promise<MadeImage> {
  return makeLayeredImage({ layers });
}

function inFolder(files: Readonly<Record<string, string | Uint8Array>>): LayerEntry[] {
  return filesToEntries('release-manifests', files);
}

const base = filesToEntries('', { 'etc/os-release': 'NAME="Test"\n' });
const referencesOf = ({ components }: PayloadContent): string[] =>
  components.map(({ reference }) => reference);

describe('a payload', () => {
  it.each<Partial<ReleaseOptions>>([
    { mediaTypes: 'docker' },
    { mediaTypes: 'oci' },
    { mediaTypes: 'oci', compression: 'zstd' },
    { compression: 'none' },
    { architecture: 'arm64' },
    { architecture: 'multi' },
    { okd: true },
  ])('with %j tells its version and components', async (options) => {
    const release = await makeRelease({ host, version: '4.18.1', ...options });

    const content = await read(release.payload);

    expect(content).toEqual({
      version: '4.18.1',
      components: release.components.map(({ name, reference }) => ({ name, reference })),
      bootImages: undefined,
    });
  });

  it('tells the boot images that it names', async () => {
    const bootImages = { x86_64: 'one', s390x: 'two' };
    const release = await makeRelease({ host, version: '4.18.1', bootImages });

    const content = await read(release.payload);

    expect(content.bootImages).toEqual(
      new Map([...release.bootImages].map(([key, { reference }]) => [key, reference])),
    );
  });

  it('with a file of boot images that names none has none', async () => {
    const release = await makeRelease({ host, version: '4.18.1', bootImages: {} });

    expect((await read(release.payload)).bootImages).toEqual(new Map());
  });

  it.each([
    { what: 'broken', text: '{', fault: /not valid YAML/ },
    { what: 'too large', text: `# ${'x'.repeat(2 * 1024 ** 2)}`, fault: /2097154 bytes/ },
  ])('is good with boot images whose file is $what, and tells why', async ({ text, fault }) => {
    const files = { ...manifests(), '0000_50_installer_coreos-bootimages.yaml': text };
    const image = await layered(inFolder(files));

    for (const content of [await read(image), await read(image)]) {
      expect(content).toMatchObject({ version: '4.18.1', bootImages: undefined });
      expect(content.bootImagesFault).toMatch(fault);
    }
  });

  it('takes its version from the metadata where image-references says none', async () => {
    const { 'image-references': text = '', ...rest } = manifests();
    const nameless = text.replace('"name": "4.18.1"', '"name": 7');

    const content = await read(
      await layered(base, inFolder({ ...rest, 'image-references': nameless })),
    );

    expect(content.version).toBe('4.18.1');
  });

  it.each(['{', '[]', '{"version":7}', '{"version":"a b"}', 'x'.repeat(2 * 1024 ** 2)])(
    'has no version where neither says one that can be read',
    async (metadata) => {
      const { 'image-references': text = '' } = manifests();
      const files = {
        'image-references': text.replace('"name": "4.18.1"', '"name": ""'),
        'release-metadata': metadata,
      };

      expect((await read(await layered(inFolder(files)))).version).toBe('');
    },
  );
});

describe('an index', () => {
  const amd64 = { os: 'linux', architecture: 'amd64' };
  const image = (digest: string, platform = amd64): Promise<MadeImage> =>
    makeLayeredImage({ platform, layers: [inFolder(manifests(digest))] });

  it('is read at its image for linux/amd64', async () => {
    const s390x = await image('b'.repeat(64), { os: 'linux', architecture: 's390x' });
    const windows = await image('c'.repeat(64), { os: 'windows', architecture: 'amd64' });

    const content = await read(makeIndex([s390x, windows, await image(hex)]));

    expect(referencesOf(content)).toEqual([`quay.io/r/content@sha256:${hex}`]);
  });

  it('is read at its first image where it has none for linux/amd64', async () => {
    const attestation = await image('b'.repeat(64), { os: 'unknown', architecture: 'unknown' });
    const s390x = await image(hex, { os: 'linux', architecture: 's390x' });
    const arm64 = await image('c'.repeat(64), { os: 'linux', architecture: 'arm64' });

    const content = await read(makeIndex([attestation, s390x, arm64]));

    expect(referencesOf(content)).toEqual([`quay.io/r/content@sha256:${hex}`]);
  });

  it('may be in indexes, five deep', async () => {
    expect((await read(nested(await image(hex), 5))).version).toBe('4.18.1');
    expect((await refusal(nested(await image(hex), 6))).message).toMatch(/more than 5 deep/);
  });

  it('without images is refused', async () => {
    expect((await refusal(makeIndex([]))).message).toMatch(/an index without images/);
  });
});

describe('the layers of a payload', () => {
  it('count from the uppermost, and none is read below that with image-references', async () => {
    const upper = inFolder(manifests());
    const image = await layered(base, inFolder(manifests('b'.repeat(64))), upper, base);

    const content = await read(image);

    expect(referencesOf(content)).toEqual([`quay.io/r/content@sha256:${hex}`]);
    expect(registry.requested('open')).toHaveLength(2);
  });

  it('below an upper one that takes files away are seen without these', async () => {
    const release = await makeRelease({
      ...{ host, version: '4.18.1', bootImages: { x86_64: 'one' } },
      extraLayers: [
        inFolder({ '.wh.0000_50_installer_coreos-bootimages.yaml': '', 'release-metadata': '{}' }),
      ],
    });

    expect(await read(release.payload)).toMatchObject({ version: '4.18.1', bootImages: undefined });
  });

  const symlink = { type: 'symlink', target: 'other' } as const;
  it.each<{ what: string; entries: readonly LayerEntry[] }>([
    { what: 'a whiteout of the file', entries: inFolder({ '.wh.image-references': '' }) },
    { what: 'a whiteout of the folder', entries: [{ name: '.wh.release-manifests' }] },
    { what: 'an opaque folder', entries: inFolder({ '.wh..wh..opq': '' }) },
    { what: 'an opaque root', entries: [{ name: '.wh..wh..opq' }] },
    {
      what: 'a directory of the name',
      entries: [{ name: 'release-manifests/image-references', type: 'directory' }],
    },
    { what: 'a file below the name', entries: inFolder({ 'image-references/x': '' }) },
    {
      what: 'a link of the name',
      entries: [{ name: 'release-manifests/image-references', ...symlink }],
    },
    { what: 'a link in place of the folder', entries: [{ name: 'release-manifests', ...symlink }] },
    { what: 'a file in place of the folder', entries: [{ name: 'release-manifests' }] },
  ])('below $what show no image-references', async ({ entries }) => {
    const error = await refusal(await layered(inFolder(manifests()), entries, base));

    expect(error).toMatchObject({ code: 'PAYLOAD_INVALID', remedy: 'wait-for-change' });
    expect(error.message).toMatch(/no file release-manifests\/image-references/);
    expect(registry.requested('open')).toHaveLength(2);
  });

  it('may take away what they bring again, in any order', async () => {
    const whiteouts = inFolder({ '.wh..wh..opq': '', '.wh.image-references': '' });
    const files = inFolder(manifests());
    const below = inFolder(manifests('b'.repeat(64)));
    for (const layer of [
      [...whiteouts, ...files],
      [...files, ...whiteouts],
    ]) {
      const content = await read(await layered(below, layer));
      expect(referencesOf(content)).toEqual([`quay.io/r/content@sha256:${hex}`]);
    }
  });

  it('have the last of two files with one name', async () => {
    const layer = [...inFolder(manifests('b'.repeat(64))), ...inFolder(manifests())];

    expect(referencesOf(await read(await layered(layer)))).toEqual([
      `quay.io/r/content@sha256:${hex}`,
    ]);
  });

  it('may write paths with a dot or a slash before them', async () => {
    for (const prefix of ['./', '/']) {
      const entries = inFolder(manifests()).map((entry) => ({
        ...entry,
        name: prefix + entry.name,
      }));
      expect((await read(await layered(entries))).version).toBe('4.18.1');
    }
  });
});

describe('what is no payload', () => {
  it('is told by its name, its digest and what is missing', async () => {
    const { payload } = await makeRelease({
      host,
      version: '4.18.1',
      withoutImageReferences: true,
    });

    const error = await refusal(payload);

    expect(error.message).toBe(
      `${NAME} (${payload.top.digest}): it has no file release-manifests/image-references`,
    );
    expect(error.hint).toMatch(/no release payload/);
  });

  it.each([
    { what: 'without layers', layers: [] },
    { what: 'with files elsewhere', layers: [filesToEntries('x/release-manifests', manifests())] },
    { what: 'with a folder of a like name', layers: [filesToEntries('release', manifests())] },
  ])('$what is refused', async ({ layers }) => {
    expect((await refusal(await layered(...layers))).message).toMatch(/no file release-manifests/);
  });

  it('but has hundreds of layers is refused', async () => {
    const layers = Array<LayerEntry[]>(PAYLOAD_LIMITS.layers + 1).fill(base);

    expect((await refusal(await layered(...layers))).message).toMatch(/501 layers/);
  });

  const huge = PAYLOAD_LIMITS.imageReferencesBytes + 1;
  it.each([
    { what: 'no tar', bytes: Buffer.from('x'.repeat(2000)), reason: /no tar/ },
    { what: 'a torn tar', bytes: tarHeader('a', 2000), reason: /ends within/ },
    {
      what: 'a path out of the image',
      bytes: tarHeader('../release-manifests/image-references', 0),
      reason: /leads out/,
    },
    { what: 'a broken gzip', bytes: gzipSync('x').subarray(0, 15), reason: /unpacked/ },
    {
      what: 'zstd and then something else',
      bytes: Buffer.concat([skippable(), Buffer.from('xxxx')]),
      reason: /no zstd/,
    },
    {
      what: 'an image-references that is too large',
      bytes: gzipSync(
        Buffer.concat([tarHeader('release-manifests/image-references', huge), Buffer.alloc(1024)]),
      ),
      reason: /image-references has 16777217 bytes/,
    },
  ])('and has $what for a layer is refused', async ({ bytes, reason }) => {
    const image = await layered(bytes);

    const error = await refusal(image);

    expect(error).toMatchObject({ code: 'PAYLOAD_INVALID', remedy: 'wait-for-change' });
    expect(error.message).toMatch(reason);
    expect(error.message).toContain(image.top.digest);
    expect(await readdir(folder.path)).toEqual([]);
  });
});

describe('a layer that arrives changed', () => {
  it.each([
    { what: 'other bytes', deliver: (bytes: Buffer) => zstdCompressSync(bytes) },
    { what: 'its beginning', deliver: (bytes: Buffer) => bytes.subarray(0, -20) },
    { what: 'nothing', deliver: () => Buffer.alloc(0) },
    { what: 'more', deliver: (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('x')]) },
    {
      what: 'one bit that is not its own',
      deliver(bytes: Buffer) {
        const changed = Buffer.from(bytes);
        changed[100] = (changed[100] ?? 0) ^ 1;
        return changed;
      },
    },
  ])('as $what is a fault of the transfer, and nothing is kept', async ({ deliver }) => {
    registry.deliver = (bytes) => Readable.from([deliver(Buffer.from(bytes))]);

    expect(await refusal(await layered(inFolder(manifests())))).toMatchObject({
      code: 'BLOB_CORRUPT',
      remedy: 'retry-later',
    });
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('is read again from the right source', async () => {
    const image = await layered(inFolder(manifests()));
    const { deliver } = registry;
    registry.deliver = () => Readable.from([Buffer.from('x')]);
    await refusal(image);
    registry.deliver = deliver;

    expect((await read(image)).version).toBe('4.18.1');
  });
});

describe('what was read', () => {
  async function keptFile(): Promise<string> {
    const [name = ''] = await readdir(join(folder.path, 'payloads'));
    return join(folder.path, 'payloads', name);
  }

  it('is kept by digest, and asks nothing again', async () => {
    const bootImages = { x86_64: 'one' };
    const { payload } = await makeRelease({ host, version: '4.18.1', bootImages });

    const first = await read(payload);
    const before = registry.requests.length;
    const again = await read(payload);

    expect(again).toEqual(first);
    expect(registry.requests).toHaveLength(before);
    expect(await keptFile()).toBe(
      join(folder.path, 'payloads', `${payload.top.digest.replace(':', '-')}.json`),
    );
  });

  it.each([
    { what: 'cut', edit: (text: string) => text.slice(0, -3) },
    { what: 'edited', edit: (text: string) => text.replace('4.18.1', '4.18.9') },
    { what: 'emptied', edit: () => '' },
    { what: 'of another form', edit: (text: string) => text.replace('payload 1', 'payload 0') },
  ])('is read again where the file was $what', async ({ edit }) => {
    const image = await layered(inFolder(manifests()));
    const first = await read(image);
    const path = await keptFile();
    const text = await readFile(path, 'utf8');
    await writeFile(path, edit(text));
    const before = registry.requests.length;

    const again = await read(image);

    expect(again).toEqual(first);
    expect(registry.requests.length).toBeGreaterThan(before);
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('is not kept where the folder cannot be written', async () => {
    await writeFile(join(folder.path, 'payloads'), 'a file');

    expect(await refusal(await layered(inFolder(manifests())))).toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });

  it('is not read where the signal ends it', async () => {
    const stop = new AbortController();
    const image = await layered(inFolder(manifests()));
    registry.before = (request) => {
      if (request.startsWith('open')) stop.abort(new Error('stopped'));
    };

    await expect(read(image, stop.signal)).rejects.toThrow('stopped');
  });
});
