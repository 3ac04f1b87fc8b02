import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { openStore } from '../../src/store/open-store.ts';
import { FIXTURE_FILES } from '../support/catalogs/fixture-catalog.ts';
import { makeCatalog, makeCatalogImage } from '../support/catalogs/make-catalog-image.ts';
import { fixtureCatalog, makeOperatorImages } from '../support/catalogs/operator-images.ts';
import { RICH_FILES } from '../support/catalogs/rich-catalog.ts';
import { startDockerRegistry } from '../support/docker-registry.ts';
import { createMemoryRegistry } from '../support/memory-ends.ts';
import { testClient } from '../support/registry-client.ts';
import { hasProgram, runProgramOrThrow } from '../support/run-program.ts';
import { inspectRaw, skopeoCopy } from '../support/skopeo.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PLATFORMS = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));

interface FixtureDocument {
  readonly schema?: string;
  readonly package?: string;
  readonly name?: string;
}

describe('the fixture', () => {
  it('has the packages, channels and bundles of the table in the spec', () => {
    const documents = Object.values(FIXTURE_FILES).flatMap(documentsOf);
    const named = (schema: string): string[] =>
      documents
        .filter((one) => one.schema === schema)
        .map((one) => `${one.package ?? ''}/${one.name ?? ''}`)
        .sort();

    expect(named('olm.package')).toEqual(['/gadget', '/patchy', '/widget']);
    expect(named('olm.channel')).toEqual([
      'gadget/fast',
      'gadget/old',
      'gadget/stable',
      'patchy/main',
      'widget/stable-4',
    ]);
    expect(named('olm.bundle')).toEqual([
      'gadget/gadget.v1.0.0',
      'gadget/gadget.v1.1.0',
      'gadget/gadget.v1.1.1',
      'gadget/gadget.v1.2.0',
      'gadget/gadget.v2.0.0',
      'gadget/gadget.v2.1.0',
      'patchy/patchy.v0.9.0',
      'patchy/patchy.v0.9.0-1.p',
      'patchy/patchy.v0.9.1',
      'widget/widget.v4.8.0-10',
      'widget/widget.v4.8.0-25',
      'widget/widget.v4.9.0-3',
    ]);
  });

  it('is the same image each time, another one per platform, with one layer of configs for all', async () => {
    const [first, again] = [
      await makeCatalog({ files: RICH_FILES, platforms: PLATFORMS }),
      await makeCatalog({ files: RICH_FILES, platforms: PLATFORMS }),
    ];

    expect(again.top.digest).toBe(first.top.digest);
    expect(first.manifests).toHaveLength(3);
    // Two bases and two configs; the layers of configs and cache once.
    expect(first.blobs.size).toBe(6);
  });

  it('puts every image that the catalogs name where its reference says', async () => {
    const registry = createMemoryRegistry('registry.example');
    const { files, images } = await fixtureCatalog('registry.example', {
      ...FIXTURE_FILES,
      ...RICH_FILES,
    });
    await makeOperatorImages((repository) => registry.target(repository), images);

    const text = Object.values(files).join('\n');
    expect(text).not.toContain('quay.io/example');
    for (const { reference, repository, tag, image } of images) {
      expect(text).toContain(reference);
      const held = registry.repository(repository);
      expect(held.manifests.has(image.top.digest)).toBe(true);
      if (tag !== undefined) expect(held.tags.get(tag)).toBe(image.top.digest);
    }
    expect(images).toHaveLength(43);
  });
});

describe.skipIf(!hasProgram('docker-registry') || !hasProgram('skopeo') || !hasProgram('tar'))(
  'with docker-registry, skopeo and tar (skipped where they are not installed)',
  () => {
    it.each((['gzip', 'zstd', 'none'] as const).filter(canRead))(
      'is a catalog image that skopeo and tar can read (%s)',
      async (compression) => {
        await using folder = await temporaryFolder();
        await using registry = await startDockerRegistry();
        await using client = testClient();
        const target = client.target({ host: registry.host, repository: 'example/catalog' });
        const { files } = await fixtureCatalog(registry.host, FIXTURE_FILES);
        const digest = await makeCatalogImage(target, { tag: 'v1', files, compression });

        const source = `docker://${registry.host}/example/catalog:v1`;
        const manifest = JSON.parse((await inspectRaw(source)).toString('utf8')) as {
          layers: { digest: string }[];
        };
        const copied = await skopeoCopy(source, `dir:${folder.path}/copy`);
        expect(copied).toMatchObject({ code: 0 });
        const layer = join(folder.path, 'copy', manifest.layers[1]?.digest.slice(7) ?? '');
        const options = { gzip: ['-xzOf'], zstd: ['--zstd', '-xOf'], none: ['-xOf'] }[compression];
        const path = 'configs/gadget/catalog.yaml';
        const text = await runProgramOrThrow('tar', [...options, layer, path]);

        expect(text.toString('utf8')).toBe(files['gadget/catalog.yaml']);
        expect(digest).toMatch(/^sha256:/);
      },
    );

    it('goes to a storage folder that the registry serves', async () => {
      await using folder = await temporaryFolder();
      const store = await openStore(folder.path);
      await makeCatalogImage(store.target('example/catalog'), {
        tag: 'v1',
        files: RICH_FILES,
        platforms: PLATFORMS,
      });
      await using registry = await startDockerRegistry({ storageFolder: folder.path });

      const raw = await inspectRaw(`docker://${registry.host}/example/catalog:v1`);

      expect((JSON.parse(raw.toString('utf8')) as { manifests: unknown[] }).manifests).toHaveLength(
        2,
      );
    });
  },
);

/** `tar` calls `zstd` for that compression. */
function canRead(compression: string): boolean {
  return compression !== 'zstd' || hasProgram('zstd');
}

function documentsOf(text: string): FixtureDocument[] {
  if (text.startsWith('---')) {
    return parseAllDocuments(text).map((document) => document.toJS() as FixtureDocument);
  }
  // The JSON of the fixture ends each document with a brace at the start of a line or is one line.
  return text
    .split(/\n(?=\{)/)
    .filter((part) => part.trim() !== '')
    .map((part) => JSON.parse(part) as FixtureDocument);
}
