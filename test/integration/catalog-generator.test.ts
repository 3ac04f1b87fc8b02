import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type CatalogShape } from '../../bench/catalog-documents.ts';
import { generateCatalog } from '../../bench/catalog-generator.ts';
import type { CatalogPackage } from '../../src/catalog/catalog-package.ts';
import { openCatalog } from '../../src/catalog/read/open-catalog.ts';
import { validatePackage } from '../../src/catalog/validate/validate-package.ts';
import { openStore } from '../../src/store/open-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { signal } = new AbortController();
const SMALL = { packages: 12, bundles: 300, bytes: 3.45e6 };

it('generates one valid catalog, as JSON and as YAML, of about the size asked for', async () => {
  await using folder = await temporaryFolder();

  const json = await readGenerated(folder.path, { ...SMALL, syntax: 'json' });
  const yaml = await readGenerated(folder.path, { ...SMALL, syntax: 'yaml' });

  expect(json.packages).toHaveLength(SMALL.packages);
  expect(json.packages.flatMap(({ bundles }) => bundles)).toHaveLength(SMALL.bundles);
  expect(json.packages.flatMap(validatePackage)).toEqual([]);
  expect(withoutSpans(yaml.packages)).toEqual(withoutSpans(json.packages));
  expect(Math.abs(json.configsBytes / SMALL.bytes - 1)).toBeLessThan(0.05);
});

it('generates the same again', async () => {
  await using folder = await temporaryFolder();
  const shape = { ...SMALL, bundles: 60, syntax: 'json' } as const;

  const first = await generateCatalog(join(folder.path, 'first'), shape);
  const again = await generateCatalog(join(folder.path, 'again'), shape);

  expect(again).toEqual(first);
});

async function readGenerated(folder: string, shape: CatalogShape) {
  const generated = await generateCatalog(folder, shape);
  const [repository = '', tag = ''] = generated.image.split(':');
  const source = (await openStore(folder)).source(repository);
  const { digest } = await source.readManifest({ kind: 'tag', tag }, signal);
  const cache = join(folder, 'cache');
  const catalog = await openCatalog({ source, digest, name: tag, folder: cache }, signal);
  const packages: CatalogPackage[] = [];
  for (const name of catalog.packageNames) {
    const found = await catalog.readPackage(name, signal);
    if (found !== undefined) packages.push(found);
  }
  return { packages, configsBytes: generated.configsBytes };
}

function withoutSpans(packages: readonly CatalogPackage[]): unknown {
  return JSON.parse(
    JSON.stringify(packages, (key, value: unknown) => (key === 'span' ? undefined : value)),
  );
}
