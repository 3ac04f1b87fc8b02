import { zstdCompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { nested, recompressed, skippable } from '../../../test/support/catalogs/altered-image.ts';
import { FIXTURE_FILES } from '../../../test/support/catalogs/fixture-catalog.ts';
import { makeCatalog } from '../../../test/support/catalogs/make-catalog-image.ts';
import { openMade, refusal } from '../../../test/support/catalogs/open-made.ts';
import { makeImage, makeIndex } from '../../../test/support/make-image.ts';
import { digestOf } from '../../oci/digest.ts';

const signal = new AbortController().signal;
const ONE = { 'a.json': '{"schema":"olm.package","name":"a"}' };
const UNKNOWN = { os: 'unknown', architecture: 'unknown' };

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
    await using opened = await openMade(image);
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
  await using opened = await openMade(recompressed(catalog, frames));

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
  await using opened = await openMade(makeIndex([attestation, marked, nested(catalog, 3)]));

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
  await using opened = await openMade(image);

  expect(opened.catalog.packageNames).toEqual(['a']);
  // The config and the layer.
  expect(opened.opened()).toHaveLength(2);
});

it('keeps documents of unknown schemas, with and without a package', async () => {
  const text =
    '{"schema":"x.global","name":"g","a":1}{"schema":"x.own","package":"p"}{"schema":"olm.bundle","name":"b"}';
  await using opened = await openMade(await makeCatalog({ files: { x: text } }));
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
  await using opened = await openMade(await makeCatalog({ files: { x: JSON.stringify(bundle) } }));

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
