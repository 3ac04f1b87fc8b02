import { readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { FIXTURE_FILES } from '../../../test/support/catalogs/fixture-catalog.ts';
import {
  type CatalogOptions,
  makeCatalogImage,
} from '../../../test/support/catalogs/make-catalog-image.ts';
import { type MemoryRegistry, createMemoryRegistry } from '../../../test/support/memory-ends.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { CatalogPackage, DocumentSpan } from '../catalog-package.ts';
import type { Catalog } from '../catalog.ts';
import { openCatalog } from './open-catalog.ts';

const signal = new AbortController().signal;

it('reads packages, their graphs, versions and images', async () => {
  await using site = await startSite({ files: FIXTURE_FILES });
  const catalog = await site.open();

  const gadget = await catalog.readPackage('gadget', signal);

  expect(catalog.configsFolder).toBe('configs');
  expect(catalog.packageNames).toEqual(['gadget', 'patchy', 'widget']);
  expect(gadget?.definitions[0]?.defaultChannel).toBe('stable');
  expect(gadget?.channels.map(({ name }) => name)).toEqual(['stable', 'fast', 'old']);
  expect(gadget?.channels[0]?.entries[3]).toEqual({
    name: 'gadget.v1.2.0',
    replaces: 'gadget.v1.1.0',
    skips: ['gadget.v1.1.1'],
    skipRange: '>=1.0.0 <1.2.0',
  });
  expect(gadget?.bundles[0]).toMatchObject({
    name: 'gadget.v1.0.0',
    packages: [{ packageName: 'gadget', version: '1.0.0' }],
    providedApis: [{ group: 'example.com', version: 'v1', kind: 'Gadget' }],
  });
  expect(gadget?.deprecations[0]?.entries[0]).toEqual({
    reference: { schema: 'olm.channel', name: 'old' },
    message: 'channel old is unsupported',
  });
  expect(await catalog.readPackage('nothing', signal)).toBeUndefined();
});

it.each(['gzip', 'zstd', 'none'] as const)(
  'gives the exact bytes of every document of a catalog compressed with %s',
  async (compression) => {
    await using site = await startSite({ files: FIXTURE_FILES, compression });
    const catalog = await site.open();

    for (const name of catalog.packageNames) {
      const found = await catalog.readPackage(name, signal);
      for (const { span } of spansOf(found)) {
        const path = catalog.files[span.file]?.path ?? '';
        const bytes = await catalog.readDocument(span, signal);
        const written = Buffer.from(FIXTURE_FILES[path] ?? '');
        expect(bytes).toEqual(written.subarray(span.start, span.end));
        expect(parseAllDocuments(bytes.toString())).toHaveLength(1);
      }
    }
  },
);

it('asks the source nothing the second time, and parses nothing again', async () => {
  await using site = await startSite({ files: FIXTURE_FILES });
  const first = await readAll(await site.open());
  site.registry.requests.length = 0;

  const second = await readAll(await site.open());

  expect(second).toEqual(first);
  expect(site.registry.requests).toEqual([]);
});

it('reads each layer once, also for another catalog that has it', async () => {
  await using site = await startSite({ files: FIXTURE_FILES });
  await site.open();
  const other = await makeCatalogImage(site.registry.target('c'), {
    tag: 'v2',
    files: FIXTURE_FILES,
    extraLayers: [[{ name: 'configs/more.json', content: '{"schema":"x","package":"more"}' }]],
  });
  site.registry.requests.length = 0;

  const catalog = await openCatalog({ ...site.options, digest: other }, signal);

  expect(catalog.packageNames).toEqual(['gadget', 'more', 'patchy', 'widget']);
  // The config and the new layer.
  expect(site.registry.requested('open')).toHaveLength(2);
});

it.each([
  { broken: 'gone', breakFile: (path: string) => rm(path) },
  { broken: 'torn', breakFile: (path: string) => truncate(path, 40) },
  { broken: 'of another version', breakFile: (path: string) => writeFile(path, 'something\n{}') },
])('makes again what is $broken in the cache', async ({ breakFile }) => {
  await using site = await startSite({ files: FIXTURE_FILES });
  const first = await readAll(await site.open());
  const files = await readdir(site.options.folder, { recursive: true, withFileTypes: true });

  for (const file of files.filter((one) => one.isFile())) {
    await breakFile(join(file.parentPath, file.name));

    expect(await readAll(await site.open())).toEqual(first);
  }
});

it.each([40, 1e6])('notices that the documents have %d bytes since it was opened', async (size) => {
  await using site = await startSite({ files: FIXTURE_FILES });
  const catalog = await site.open();
  const names = await readdir(join(site.options.folder, 'layers'));
  const content = names.find((name) => name.endsWith('.content')) ?? '';
  await truncate(join(site.options.folder, 'layers', content), size);

  await expect(catalog.readPackage('gadget', signal)).rejects.toMatchObject({
    code: 'CATALOG_INVALID',
    hint: expect.stringContaining('Remove') as string,
  });
});

it('leaves nothing half-written behind when it is aborted', async () => {
  await using site = await startSite({ files: FIXTURE_FILES });
  const abort = new AbortController();
  site.registry.before = (request) => {
    // The config is the first, a layer the second.
    const opened = site.registry.requested('open').length;
    if (request.startsWith('open') && opened === 2) abort.abort(new Error('enough'));
  };

  await expect(openCatalog(site.options, abort.signal)).rejects.toThrow('enough');

  const files = await readdir(site.options.folder, { recursive: true, withFileTypes: true });
  expect(files.filter((file) => file.isFile())).toEqual([]);
});

it('opens one catalog in several places at once', async () => {
  await using site = await startSite({ files: FIXTURE_FILES });

  const catalogs = await Promise.all([site.open(), site.open(), site.open()]);

  const [first, ...others] = await Promise.all(catalogs.map(readAll));
  for (const other of others) expect(other).toEqual(first);
});

async function startSite(options: CatalogOptions): Promise<
  {
    readonly registry: MemoryRegistry;
    readonly options: Parameters<typeof openCatalog>[0];
    open(): Promise<Catalog>;
  } & AsyncDisposable
> {
  const registry = createMemoryRegistry('registry.example.org');
  const digest = await makeCatalogImage(registry.target('c'), { tag: 'v1', ...options });
  const folder = await temporaryFolder();
  const name = 'registry.example.org/c:v1';
  const opening = { source: registry.source('c'), digest, name, folder: folder.path };
  return {
    registry,
    options: opening,
    open: () => openCatalog(opening, signal),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function readAll(catalog: Catalog): Promise<(CatalogPackage | undefined)[]> {
  const packages = [];
  for (const name of catalog.packageNames) packages.push(await catalog.readPackage(name, signal));
  return packages;
}

function spansOf(found: CatalogPackage | undefined): { readonly span: DocumentSpan }[] {
  if (found === undefined) return [];
  const { definitions, channels, bundles, deprecations, others } = found;
  return [...definitions, ...channels, ...bundles, ...deprecations, ...others];
}
