import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FIXTURE_FILES } from '../../../test/support/catalogs/fixture-catalog.ts';
import { makeCatalog } from '../../../test/support/catalogs/make-catalog-image.ts';
import type { LayerEntry } from '../../../test/support/catalogs/tar-layer.ts';
import {
  type MadeImage,
  makeImage,
  makeIndex,
  seededBytes,
} from '../../../test/support/make-image.ts';
import { createMemoryRegistry } from '../../../test/support/memory-ends.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { ControllerError } from '../../base/controller-error.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import type { Catalog } from '../catalog.ts';
import { openCatalog } from './open-catalog.ts';
import { unpacked } from './unpack-layer.ts';

const signal = new AbortController().signal;
const ONE = { 'a.json': '{"schema":"olm.package","name":"a"}' };
const UNKNOWN = { os: 'unknown', architecture: 'unknown' };

describe('an image that is no file-based catalog', () => {
  it.each([
    {
      what: 'SQLite',
      options: { files: {}, database: true },
      message: /SQLite/,
      hint: /opm migrate/,
    },
    {
      what: 'no label',
      options: { files: ONE, label: null },
      message: /no label/,
      hint: /Name a catalog/,
    },
    {
      what: 'no documents',
      options: { files: {} },
      message: /no documents in \/configs/,
      hint: /empty/,
    },
    {
      what: 'comments alone',
      options: { files: { x: '# no\n---\n', y: '' } },
      message: /no documents/,
      hint: /empty/,
    },
    {
      what: 'a label for the root',
      options: { files: ONE, label: '/' },
      message: /no folder/,
      hint: /configs/,
    },
    {
      what: 'a label that leaves the image',
      options: { files: ONE, label: '/../x' },
      message: /no folder/,
      hint: /configs/,
    },
    {
      what: 'a label for another folder',
      options: { files: ONE, label: '/con', folder: '/configs' },
      message: /no documents in \/con,/,
      hint: /empty/,
    },
    {
      what: 'all that is ignored',
      options: { files: { ...ONE, '.indexignore': '*' } },
      message: /no documents/,
      hint: /empty/,
    },
  ])('with $what is refused with its own words', async ({ options, message, hint }) => {
    const error = await refusal(await makeCatalog(options));

    expect(error).toMatchObject({ code: 'CATALOG_INVALID', remedy: 'wait-for-change' });
    expect(error.message).toMatch(message);
    expect(error.message).toContain('r/c:v1');
    expect(error.hint).toMatch(hint);
  });

  it.each([
    { what: 'an index without images', image: () => Promise.resolve(makeIndex([])) },
    { what: 'indexes in indexes', image: async () => nested(await makeCatalog({ files: ONE }), 6) },
    { what: 'another artifact', image: artifact },
  ])('but $what is refused', async ({ image }) => {
    expect(await refusal(await image())).toMatchObject({ code: 'CATALOG_INVALID' });
  });
});

describe('a broken file', () => {
  const entries = 'schema: olm.channel\npackage: a\nname: c\nentries: 7\n';
  it.each([
    { what: 'a README', files: { 'b/README.md': '# Title\n\nText.\n' }, where: 'b/README.md:3:' },
    {
      what: 'torn JSON',
      files: { 'b.json': '{"schema":"x"}\n\n{"schema":"y",' },
      where: 'b.json:3:',
    },
    {
      what: 'JSON with a fault',
      files: { 'b.json': '{"schema":"x"}\n{\n"schema":"y",\n"z":[1,oops]}' },
      where: 'b.json:4:',
    },
    {
      what: 'a document without schema',
      files: { 'b.yaml': '---\nschema: x\n---\n\nname: y\n' },
      where: 'b.yaml:4:',
    },
    {
      what: 'YAML that is none',
      files: { 'b.yaml': '---\nschema: x\n---\n{schema: y\n' },
      where: 'b.yaml:4:',
    },
    {
      what: 'a text that goes on in column 0',
      files: { 'b.yaml': 'schema: x\nx:\n  "y\nname: z"\n' },
      where: 'b.yaml:1:',
    },
  ])('$what is named with its line, whichever package is wanted', async ({ files, where }) => {
    const error = await refusal(await makeCatalog({ files: { ...ONE, ...files } }));

    expect(error).toMatchObject({ code: 'CATALOG_INVALID' });
    expect(error.message).toContain(`r/c:v1: configs/${where}`);
  });

  it.each([
    {
      what: 'wrong JSON below the top',
      text: '{"schema":"olm.bundle",\n"package":"a","x":{"y" 1}}',
      where: ':1: ',
    },
    {
      what: 'wrong YAML below the top',
      text: '---\nschema: olm.bundle\npackage: a\nx:\n  - y\n z: 1\n',
      where: ':6: ',
    },
    {
      what: 'a wrong field',
      text: `---\n${entries}`,
      where: ':2: olm.channel "c" is not as its schema wants it: entries',
    },
    {
      what: 'no UTF-8',
      text: Buffer.from('{"schema":"olm.bundle","package":"a","x":"\xff"}', 'latin1'),
      where: ':1: ',
    },
  ])('$what is named when the package is read, and no other', async ({ text, where }) => {
    const image = await makeCatalog({ files: { ...FIXTURE_FILES, 'a/broken': text } });
    await using opened = await open(image);
    const { catalog } = opened;

    expect(await catalog.readPackage('gadget', signal)).toBeDefined();
    await expect(catalog.readPackage('a', signal)).rejects.toMatchObject({
      code: 'CATALOG_INVALID',
      message: expect.stringContaining(`configs/a/broken${where}`) as string,
    });
  });

  it('does no harm where it is hidden or ignored', async () => {
    const files = {
      ...ONE,
      'README.md': 'x',
      'gone.json': '{',
      'docs/x': 'y',
      '.indexignore': '*.md',
      'docs/.indexignore': '/x',
    };
    const image = await makeCatalog({
      files,
      extraLayers: [[{ name: 'configs/.wh.gone.json', content: '' }]],
    });
    await using opened = await open(image);

    expect(opened.catalog.files).toEqual([{ path: 'a.json', syntax: 'json' }]);
  });
});

describe('a hostile layer', () => {
  it.each([
    {
      what: 'a path that leaves the image',
      entry: { name: 'configs/../../etc/passwd', content: 'x' },
      message: /passwd/,
    },
    {
      what: 'a path that leaves from elsewhere',
      entry: { name: '../x', content: 'x' },
      message: /leads out/,
    },
    {
      what: 'a path without end',
      entry: { name: `configs/${'a/'.repeat(100)}x`, content: 'x' },
      message: /deep/,
    },
  ])('with $what is refused with image, layer and path', async ({ entry, message }) => {
    const error = await refusal(await makeCatalog({ files: ONE, extraLayers: [[entry]] }));

    expect(error).toMatchObject({ code: 'CATALOG_INVALID' });
    expect(error.message).toMatch(/r\/c:v1: layer sha256:/);
    expect(error.message).toMatch(message);
  });

  it.each([
    {
      what: 'a link in place of the folder',
      entry: { name: 'configs', type: 'symlink', target: '/etc' },
    },
    {
      what: 'a link in place of the file',
      entry: { name: 'configs/a.json', type: 'link', target: 'etc/shadow' },
    },
  ] satisfies { what: string; entry: LayerEntry }[])('$what is not followed', async ({ entry }) => {
    const error = await refusal(await makeCatalog({ files: ONE, extraLayers: [[entry]] }));

    expect(error.message).toMatch(/no documents/);
  });

  it('with a file of 2 GiB is refused by its header', async () => {
    const header = tarHeader('configs/large.json', 2 * 1024 ** 3);
    const error = await refusal(await withLayer(gzipSync(header)));

    expect(error.message).toContain('"large.json" has 2147483648 bytes');
  });

  it('is given up when it unpacks to more than the limit', async () => {
    const bomb = zstdCompressSync(Buffer.alloc(4 * 1024 ** 2));
    const read = async (): Promise<number> => {
      let bytes = 0;
      for await (const chunk of unpacked(Readable.from([bomb]), 1024 ** 2)) bytes += chunk.length;
      return bytes;
    };

    await expect(read()).rejects.toThrow('it unpacks to more than 1048576 bytes');
  });

  it('that is no tar is refused', async () => {
    expect((await refusal(await withLayer(gzipSync('x'.repeat(5000))))).message).toMatch(/no tar/);
    expect((await refusal(await withLayer(Buffer.from('BZh91AY&SY')))).message).toMatch(
      /cannot be read/,
    );
    expect((await refusal(await withLayer(gzipSync('x').subarray(0, 15)))).message).toMatch(
      /unpacked/,
    );
  });

  it('that the transfer broke is told from one that is broken at its source', async () => {
    // More than a chunk: it is unpacked before its digest is known.
    const filler = { name: 'bin/large', content: seededBytes('large', 1024 ** 2) };
    const image = await makeCatalog({ files: ONE, extraLayers: [[filler]] });
    const error = await refusal(image, (bytes) => {
      const broken = Buffer.from(bytes);
      broken.fill(0xaa, 40);
      return broken;
    });

    expect(error).toMatchObject({ code: 'BLOB_CORRUPT', remedy: 'retry-later' });
  });
});

it.each(['gzip', 'zstd', 'none'] as const)(
  'verifies what follows the content of a layer too (%s)',
  async (compression) => {
    const catalog = await makeCatalog({ files: ONE, compression });
    const layers = [...catalog.blobs.values()].map((bytes) => {
      // More than a chunk: what unpacks has long seen the end.
      const zeros = compression === 'zstd' ? skippable(1024 ** 2) : Buffer.alloc(1024 ** 2);
      return { plain: digestOf(bytes), bytes: Buffer.concat([bytes, zeros]) };
    });
    const image = recompressed(catalog, layers);
    await using opened = await open(image);
    const error = await refusal(image, (bytes) => {
      const broken = Buffer.from(bytes);
      broken[broken.length - 1] = 1;
      return broken;
    });

    expect(opened.catalog.packageNames).toEqual(['a']);
    expect(error).toMatchObject({ code: 'BLOB_CORRUPT' });
  },
);

it('reads all frames of zstd, whatever chunks they come in', async () => {
  const catalog = await makeCatalog({ files: FIXTURE_FILES, compression: 'none' });
  const frames = [...catalog.blobs.values()].map((bytes) => {
    const pieces: Buffer[] = [];
    for (let start = 0; start < bytes.length; start += 700) {
      pieces.push(zstdCompressSync(bytes.subarray(start, start + 700)), skippable());
    }
    return { plain: digestOf(bytes), bytes: Buffer.concat([skippable(), ...pieces]) };
  });
  await using opened = await open(recompressed(catalog, frames));

  expect(opened.catalog.packageNames).toEqual(['gadget', 'patchy', 'widget']);
  expect((await opened.catalog.readPackage('widget', signal))?.bundles).toHaveLength(3);
});

it('takes the first image of an index that is no attestation', async () => {
  const catalog = await makeCatalog({ files: ONE });
  const other = await makeImage({ seed: 'attestation' });
  const attestation = { ...other, descriptor: { ...other.descriptor, platform: UNKNOWN } };
  const marked = {
    ...other,
    descriptor: { ...other.descriptor, annotations: { 'vnd.docker.reference.type': 'x' } },
  };
  await using opened = await open(makeIndex([attestation, marked, nested(catalog, 3)]));

  expect(opened.catalog.packageNames).toEqual(['a']);
});

it('does not read layers below one that hides the folder', async () => {
  const image = await makeCatalog({
    files: FIXTURE_FILES,
    extraLayers: [
      [
        { name: 'configs/.wh..wh..opq', content: '' },
        { name: 'configs/a.json', content: ONE['a.json'] },
      ],
    ],
  });
  await using opened = await open(image);

  expect(opened.catalog.packageNames).toEqual(['a']);
  // The config and the layer.
  expect(opened.opened()).toHaveLength(2);
});

it('keeps documents of unknown schemas, with and without a package', async () => {
  const text =
    '{"schema":"x.global","name":"g","a":1}{"schema":"x.own","package":"p"}{"schema":"olm.bundle","name":"b"}';
  await using opened = await open(await makeCatalog({ files: { x: text } }));
  const { catalog } = opened;

  expect(catalog.globals).toEqual([
    { schema: 'x.global', name: 'g', span: { file: 0, start: 0, end: 38 } },
  ]);
  expect((await catalog.readPackage('p', signal))?.others).toMatchObject([{ schema: 'x.own' }]);
  // A bundle without a package is one of a package without a name, which validation refuses.
  expect(catalog.packageNames).toEqual(['', 'p']);
});

it('tells what is wrong with properties without refusing the bundle', async () => {
  const properties = [
    { type: 'olm.package', value: { packageName: 'p', version: 1 } },
    { type: 'olm.package', value: { packageName: 'p', version: '1.0.0', release: '2' } },
    { type: 'olm.gvk', value: 'x' },
    { type: 'olm.gvk.required', value: { group: 'g', version: 'v1', kind: 'K' } },
    { type: 'olm.package.required', value: { packageName: 'q', versionRange: '>1' } },
    { type: 'olm.bundle.object', value: { data: 'e30=' } },
    { type: 'olm.csv.metadata', value: { displayName: 'P' } },
    { type: 'olm.maxOpenShiftVersion', value: 4.18 },
    { type: '', value: 1 },
    { type: 'other' },
  ];
  const bundle = { schema: 'olm.bundle', package: 'p', name: 'p.v1.0.0', image: null, properties };
  await using opened = await open(await makeCatalog({ files: { x: JSON.stringify(bundle) } }));

  expect((await opened.catalog.readPackage('p', signal))?.bundles).toEqual([
    {
      name: 'p.v1.0.0',
      span: { file: 0, start: 0, end: JSON.stringify(bundle).length },
      image: '',
      relatedImages: [],
      packages: [{ packageName: 'p', version: '1.0.0', release: '2' }],
      providedApis: [],
      requiredApis: [{ group: 'g', version: 'v1', kind: 'K' }],
      requiredPackages: [{ packageName: 'q', versionRange: '>1' }],
      displayName: 'P',
      propertyFaults: [
        expect.stringMatching(/^property olm\.package .* version/),
        expect.stringMatching(/^property olm\.gvk /),
        'a property has no type',
        'property other has no value',
      ],
      hasObjects: true,
    },
  ]);
});

async function open(
  image: MadeImage,
  deliver?: (bytes: Uint8Array) => Uint8Array,
): Promise<{ readonly catalog: Catalog; opened(): string[] } & AsyncDisposable> {
  const registry = createMemoryRegistry('r');
  registry.add('c', image, 'v1');
  if (deliver !== undefined) {
    // The config arrives as it is.
    registry.deliver = (bytes) => {
      const delivered = bytes[0] === 0x7b ? bytes : deliver(bytes);
      const pieces = [];
      for (let at = 0; at < delivered.length; at += 50_000)
        pieces.push(delivered.subarray(at, at + 50_000));
      return Readable.from(pieces);
    };
  }
  const folder = await temporaryFolder();
  const options = {
    source: registry.source('c'),
    digest: image.top.digest,
    name: 'r/c:v1',
    folder: folder.path,
  };
  try {
    const catalog = await openCatalog(options, signal);
    return {
      catalog,
      opened: () => registry.requested('open'),
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

async function refusal(
  image: MadeImage,
  deliver?: (bytes: Uint8Array) => Uint8Array,
): Promise<ControllerError> {
  const error: unknown = await open(image, deliver).catch((thrown: unknown) => thrown);
  if (error instanceof ControllerError) return error;
  throw error instanceof Error ? error : new Error('the catalog was not refused');
}

function nested(image: MadeImage, depth: number): MadeImage {
  return depth === 0 ? image : nested(makeIndex([image]), depth - 1);
}

/** A catalog image with one layer of such bytes. */
async function withLayer(bytes: Uint8Array): Promise<MadeImage> {
  const image = await makeCatalog({ files: ONE });
  const manifest = JSON.parse(Buffer.from(image.top.bytes).toString()) as { layers: object[] };
  const digest = digestOf(bytes);
  manifest.layers = [
    { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: bytes.length },
  ];
  return withManifest(image, manifest, new Map([[digest, bytes]]));
}

/** The image with its layers in other bytes. */
function recompressed(
  image: MadeImage,
  layers: readonly { readonly plain: Digest; readonly bytes: Uint8Array }[],
): MadeImage {
  const manifest = JSON.parse(Buffer.from(image.top.bytes).toString()) as {
    layers: { digest: Digest; size: number }[];
  };
  const blobs = new Map<Digest, Uint8Array>();
  for (const layer of manifest.layers) {
    const found = layers.find(({ plain }) => plain === layer.digest);
    if (found === undefined) throw new Error('a layer without other bytes');
    layer.digest = digestOf(found.bytes);
    layer.size = found.bytes.length;
    blobs.set(layer.digest, found.bytes);
  }
  return withManifest(image, manifest, blobs);
}

function withManifest(
  image: MadeImage,
  manifest: object,
  blobs: ReadonlyMap<Digest, Uint8Array>,
): MadeImage {
  const bytes = Buffer.from(JSON.stringify(manifest));
  const top = { ...image.top, bytes, digest: digestOf(bytes) };
  const descriptor = { ...image.descriptor, digest: top.digest, size: bytes.length };
  return { top, manifests: [top], blobs: new Map([...image.blobs, ...blobs]), descriptor };
}

async function artifact(): Promise<MadeImage> {
  const image = await makeCatalog({ files: ONE });
  const config = Buffer.from('{"config":[]}');
  const manifest = JSON.parse(Buffer.from(image.top.bytes).toString()) as { config: object };
  manifest.config = { mediaType: 'text/plain', digest: digestOf(config), size: config.length };
  return withManifest(image, manifest, new Map([[digestOf(config), config]]));
}

function skippable(size = 3): Buffer {
  const frame = Buffer.alloc(8 + size);
  frame.writeUInt32LE(0x184d2a50);
  frame.writeUInt32LE(size, 4);
  return frame;
}

function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(name);
  header.write(size.toString(8).padStart(11, '0'), 124);
  header.write('0', 156);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0`, 148);
  return header;
}
