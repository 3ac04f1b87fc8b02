import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filterCatalog } from '../../src/catalog/filter/filter-catalog.ts';
import { openCatalog } from '../../src/catalog/read/open-catalog.ts';
import { catalogInputs } from '../../src/catalog/rebuild/catalog-inputs.ts';
import { rebuildCatalog } from '../../src/catalog/rebuild/rebuild-catalog.ts';
import type { Catalog } from '../../src/catalog/catalog.ts';
import type { CatalogPackage, DocumentSpan } from '../../src/catalog/catalog-package.ts';
import type { CatalogSelection, FilteredCatalog } from '../../src/catalog/catalog-selection.ts';
import { validateCatalog } from '../../src/catalog/validate/validate-catalog.ts';
import { copyImage } from '../../src/mirror/copy-image.ts';
import { createCopyContext } from '../../src/mirror/copy-context.ts';
import type { Digest } from '../../src/oci/digest.ts';
import type { ImageSource } from '../../src/oci/ends.ts';
import { createManifestCache } from '../../src/store/manifest-cache.ts';
import { openLayoutSource } from '../../src/store/layout-source.ts';
import { FIXTURE_FILES } from '../support/catalogs/fixture-catalog.ts';
import { type CatalogOptions, makeCatalog } from '../support/catalogs/make-catalog-image.ts';
import { at, readImages, readJson, readLayer } from '../support/catalogs/read-layer.ts';
import { RICH_FILES } from '../support/catalogs/rich-catalog.ts';
import { startDockerRegistry } from '../support/docker-registry.ts';
import { createMemoryRegistry } from '../support/memory-ends.ts';
import { testClient } from '../support/registry-client.ts';
import { hasProgram } from '../support/run-program.ts';
import { inspectRaw, skopeoCopy } from '../support/skopeo.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { signal } = new AbortController();
const FILES = { ...FIXTURE_FILES, ...RICH_FILES };
const PLATFORMS = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));
const SELECTION: CatalogSelection = {
  full: false,
  packages: [
    { name: 'gadget', channels: [{ name: 'stable', minVersion: '1.2.0' }] },
    { name: 'widget' },
    { name: 'patchy', minVersion: '0.9.0' },
  ],
};

interface Rebuilt {
  readonly source: Catalog;
  readonly filtered: FilteredCatalog;
  readonly digest: Digest;
  readonly image: ImageSource;
}

async function rebuild(
  folder: string,
  selection: CatalogSelection,
  options: Partial<CatalogOptions> = {},
): Promise<Rebuilt> {
  const made = await makeCatalog({ files: FILES, platforms: PLATFORMS, ...options });
  const registry = createMemoryRegistry('registry.example.com');
  registry.add('catalog', made, 'v1');
  const source = registry.source('catalog');
  const { digest } = made.top;
  const reading = { source, digest, name: 'a catalog', folder: join(folder, 'read') };
  const catalog = await openCatalog(reading, signal);
  const filtered = await filterCatalog(catalog, selection, signal);
  const { packages, globals } = filtered;
  const inputs = catalogInputs({ sourceDigest: digest, selection, without: [] });
  const built = await rebuildCatalog(
    { catalog, source, packages, globals, inputs, folder: join(folder, 'built') },
    signal,
  );
  return { source: catalog, filtered, ...built };
}

/** Opens what was built, as another reader of catalogs would: nothing is known of how it came to be. */
async function readBack(image: ImageSource, digest: Digest, folder: string): Promise<Catalog> {
  return openCatalog({ source: image, digest, name: 'a rebuilt catalog', folder }, signal);
}

async function packagesOf(catalog: Catalog): Promise<CatalogPackage[]> {
  const packages = [];
  for (const name of catalog.packageNames) {
    const pkg = await catalog.readPackage(name, signal);
    if (pkg !== undefined) packages.push(pkg);
  }
  return packages;
}

/** A model without what says where things are and whether they changed, in one order. */
function contentOf(packages: readonly CatalogPackage[]): unknown {
  const json = JSON.stringify(packages, (key, value: unknown) => {
    if (key === 'span' || key === 'isChanged') return undefined;
    const isNamed = ['channels', 'bundles', 'others'].includes(key);
    return isNamed
      ? (value as object[]).map((one) => JSON.stringify(contentOfOne(one))).sort()
      : value;
  });
  return JSON.parse(json);
}

function contentOfOne(document: object): object {
  return Object.fromEntries(
    Object.entries(document).filter(([key]) => key !== 'span' && key !== 'isChanged'),
  );
}

/** The bytes of the unchanged documents, without blanks around them. */
async function bytesOf(catalog: Catalog, packages: readonly CatalogPackage[]): Promise<string[]> {
  const spans: DocumentSpan[] = packages.flatMap((pkg) =>
    [...pkg.definitions, ...pkg.channels, ...pkg.bundles, ...pkg.deprecations, ...pkg.others]
      .filter(({ isChanged }) => isChanged === undefined)
      .map(({ span }) => span),
  );
  const texts = spans.map(async (span) => (await catalog.readDocument(span, signal)).toString());
  return (await Promise.all(texts)).map((text) => text.trim());
}

describe('a rebuilt catalog, read back', () => {
  const everything = ['gadget', 'widget', 'patchy'];
  it.each<{ readonly what: string; readonly selection: CatalogSelection }>([
    { what: 'heads, a range and a package', selection: SELECTION },
    { what: 'all heads', selection: { full: false } },
    {
      what: 'one bundle',
      selection: {
        full: false,
        packages: [
          { name: 'gadget', defaultChannel: 'fast', bundles: [{ name: 'gadget.v2.1.0' }] },
        ],
      },
    },
    {
      what: 'whole packages',
      selection: { full: true, packages: everything.map((name) => ({ name })) },
    },
    { what: 'the whole catalog', selection: { full: true } },
  ])('has exactly what was selected: $what', async ({ selection }) => {
    await using folder = await temporaryFolder();
    const { source, filtered, digest, image } = await rebuild(folder.path, selection);

    const read = await readBack(image, digest, join(folder.path, 'back'));
    const packages = await packagesOf(read);
    expect(contentOf(packages)).toEqual(contentOf(filtered.packages));
    expect(validateCatalog({ packages })).toEqual([]);
    expect(read.globals.map(({ schema }) => schema)).toEqual(
      filtered.globals.map(({ schema }) => schema),
    );

    const there = new Set(await bytesOf(read, packages));
    const lost = (await bytesOf(source, filtered.packages)).filter((text) => !there.has(text));
    expect(lost).toEqual([]);
  });

  it('is the same from layers of another compression and of docker types', async () => {
    const models: unknown[] = [];
    for (const options of [{ compression: 'zstd' }, { mediaTypes: 'docker' }] as const) {
      await using folder = await temporaryFolder();
      const { digest, image } = await rebuild(folder.path, SELECTION, options);
      models.push(
        contentOf(await packagesOf(await readBack(image, digest, join(folder.path, 'back')))),
      );
    }
    expect(models[0]).toEqual(models[1]);
  });

  it('has nothing left to filter', async () => {
    await using folder = await temporaryFolder();
    const { digest, image } = await rebuild(folder.path, { full: false });
    const read = await readBack(image, digest, join(folder.path, 'back'));
    const { packages } = await filterCatalog(read, { full: false }, signal);
    expect(packages.flatMap((pkg) => pkg.channels).some(({ isChanged }) => isChanged)).toBe(false);
  });
});

describe.skipIf(!hasProgram('docker-registry') || !hasProgram('skopeo'))(
  'a rebuilt catalog in docker-registry, read with skopeo',
  () => {
    it.each(['oci', 'docker'] as const)('is what was built (%s)', async (mediaTypes) => {
      await using folder = await temporaryFolder();
      await using registry = await startDockerRegistry();
      await using client = testClient();
      const { filtered, digest, image } = await rebuild(folder.path, SELECTION, { mediaTypes });
      const target = client.target({ host: registry.host, repository: 'site/catalog' });
      const manifests = createManifestCache({ limitBytes: 1_000_000 });
      const copy = { digest, tag: 'v1', attachments: true };
      await copyImage(image, target, copy, createCopyContext({ manifests }), signal);

      const reference = `docker://${registry.host}/site/catalog:v1`;
      const raw = await inspectRaw(reference);
      expect(`sha256:${createHash('sha256').update(raw).digest('hex')}`).toBe(digest);
      const layout = join(folder.path, 'layout');
      const kind = mediaTypes === 'oci' ? `oci:${layout}` : `dir:${layout}`;
      const copied = await skopeoCopy(reference, kind);
      expect(copied).toMatchObject({ code: 0 });
      if (mediaTypes === 'docker') return;

      const source = openLayoutSource(layout);
      for (const instance of await readImages(source, digest)) {
        const config = (await readJson(source, instance.config)) as { config: { Cmd: string[] } };
        expect(config.config.Cmd).toEqual(['serve', '/configs']);
        const names = (await readLayer(source, at(instance.layers, -1))).map(({ name }) => name);
        expect(names).toContain('configs/widget/catalog.json');
      }
      const read = await readBack(source, digest, join(folder.path, 'back'));
      expect(contentOf(await packagesOf(read))).toEqual(contentOf(filtered.packages));
    });
  },
);
