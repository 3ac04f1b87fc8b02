import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  nested,
  tarHeader,
  withConfig,
  withLayer,
} from '../../../test/support/catalogs/altered-image.ts';
import { FIXTURE_FILES } from '../../../test/support/catalogs/fixture-catalog.ts';
import { makeCatalog } from '../../../test/support/catalogs/make-catalog-image.ts';
import { openMade, refusal } from '../../../test/support/catalogs/open-made.ts';
import type { LayerEntry } from '../../../test/support/catalogs/tar-layer.ts';
import { makeIndex, seededBytes } from '../../../test/support/make-image.ts';
import { unpacked } from '../../layer/unpack-layer.ts';

const signal = new AbortController().signal;
const ONE = { 'a.json': '{"schema":"olm.package","name":"a"}' };

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
    {
      what: 'another artifact',
      image: async () =>
        withConfig(await makeCatalog({ files: ONE }), Buffer.from('{"config":[]}')),
    },
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
    await using opened = await openMade(image);
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
    await using opened = await openMade(image);

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
    const error = await refusal(withLayer(await makeCatalog({ files: ONE }), gzipSync(header)));

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
    expect(
      (await refusal(withLayer(await makeCatalog({ files: ONE }), gzipSync('x'.repeat(5000)))))
        .message,
    ).toMatch(/no tar/);
    expect(
      (await refusal(withLayer(await makeCatalog({ files: ONE }), Buffer.from('BZh91AY&SY'))))
        .message,
    ).toMatch(/cannot be read/);
    expect(
      (await refusal(withLayer(await makeCatalog({ files: ONE }), gzipSync('x').subarray(0, 15))))
        .message,
    ).toMatch(/unpacked/);
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
