import { expect, it } from 'vitest';
import { type PlainCatalog, plainCatalog } from '../../../test/support/catalogs/plain-catalog.ts';
import { digestOf } from '../../oci/digest.ts';
import { configEntries } from './config-files.ts';

const { signal } = new AbortController();
const DIGEST = digestOf(Buffer.from('catalog'));

async function filesOf(
  catalog: PlainCatalog,
  packages = catalog.packages,
): Promise<Record<string, string>> {
  const { globals } = catalog;
  const files: Record<string, string> = {};
  for await (const { path, content } of configEntries(
    'c',
    { catalog, packages, globals },
    signal,
  )) {
    if (content === undefined) continue;
    files[path] = Buffer.concat(await Array.fromAsync(content.read(signal))).toString();
    expect(Buffer.byteLength(files[path])).toBe(content.size);
  }
  return files;
}

it('writes documents in one order, whatever files they come from', async () => {
  const catalog = plainCatalog(DIGEST, {
    'z.json':
      '{"schema":"olm.deprecations","package":"p","entries":[]}\n{"schema":"z","package":"p"}\n{"schema":"olm.bundle","package":"p","name":"b"}\n',
    'a.json':
      '{"schema":"olm.bundle","package":"p","name":"a"}\n{"schema":"a","package":"p"}\n{"schema":"olm.channel","package":"p","name":"y"}\n{"schema":"olm.channel","package":"p","name":"x"}\n{"schema":"olm.package","name":"p"}\n',
  });
  const { 'c/p/catalog.json': text = '' } = await filesOf(catalog);
  const documents = text.split('\n').filter((line) => line !== '');
  expect(documents.map((line) => Object.values(JSON.parse(line) as object).join(' '))).toEqual([
    'olm.package p',
    'olm.channel p x',
    'olm.channel p y',
    'olm.bundle p a',
    'olm.bundle p b',
    'a p',
    'z p',
    'olm.deprecations p ',
  ]);
});

it('writes documents of no package to the top of the folder, each in its syntax', async () => {
  const json = '{"schema":"x", "n":12345678901234567890}\n';
  const yaml = '---\nschema: y # why\nn: 1.0\n';
  const catalog = plainCatalog(DIGEST, { 'a.json': json, 'b.yaml': yaml });
  expect(await filesOf(catalog)).toEqual({ 'c/catalog.json': json, 'c/catalog.yaml': yaml });
});

it('keeps the bytes of YAML, with a separator before each document', async () => {
  const documents = [
    '# comment\nschema: olm.package\nname: p\n\n',
    'schema: olm.bundle\npackage: p\nname: a\nx: |+\n  kept\n\n\n',
    '{schema: olm.bundle, package: p, name: b}\r\n',
  ];
  const catalog = plainCatalog(DIGEST, { 'p.yaml': documents.join('---\n') });
  expect(await filesOf(catalog)).toEqual({
    'c/p/catalog.yaml': documents.map((one) => `---\n${one}`).join(''),
  });
});

it('adds no newline to what a file ended with, which may belong to its last value', async () => {
  const open = 'schema: olm.package\nname: p\ndescription: |\n  no newline';
  const bundle = 'schema: olm.bundle\npackage: p\nname: a\n';
  const alone = plainCatalog(DIGEST, { 'p.yaml': `${bundle}---\n${open}` });
  expect(await filesOf(alone)).toEqual({ 'c/p/catalog.yaml': `---\n${bundle}---\n${open}` });

  const two = plainCatalog(DIGEST, { 'p.yaml': `${bundle}---\n${open}`, 'q.yaml': bundle.trim() });
  expect(await filesOf(two)).toEqual({
    'c/p/catalog.yaml': `---\n${bundle}---\n${open}\n---\n${bundle.trim()}`,
  });
});

it('writes a changed YAML document as JSON, without losing a digit or an unknown field', async () => {
  const catalog = plainCatalog(DIGEST, {
    'p.yaml':
      '---\nschema: olm.package\nname: p\ndefaultChannel: a # old\nx: {big: 12345678901234567890, f: 1.0, t: "1.0"}\n',
  });
  const [pkg] = catalog.packages;
  const definitions = (pkg?.definitions ?? []).map((one) => {
    return { ...one, defaultChannel: 'b', isChanged: true } as const;
  });
  const files = await filesOf(catalog, pkg === undefined ? [] : [{ ...pkg, definitions }]);
  expect(files).toEqual({
    'c/p/catalog.json': `{
    "schema": "olm.package",
    "name": "p",
    "defaultChannel": "b",
    "x": {
        "big": 12345678901234567890,
        "f": 1.0,
        "t": "1.0"
    }
}
`,
  });
});
