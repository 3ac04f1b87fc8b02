import { expect, it } from 'vitest';
import { FIXTURE_FILES } from '../../../test/support/catalogs/fixture-catalog.ts';
import { makeCatalog } from '../../../test/support/catalogs/make-catalog-image.ts';
import { readParsed } from '../../../test/support/catalogs/read-layer.ts';
import { type MadeImage, makeIndex } from '../../../test/support/make-image.ts';
import { createMemoryRegistry } from '../../../test/support/memory-ends.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { Platform } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { sparseCatalog } from './sparse-catalog.ts';

const { signal } = new AbortController();
const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64' };
const ARM = { os: 'linux', architecture: 'arm' };

async function makeInstances(): Promise<MadeImage[]> {
  const instances = [];
  for (const platform of [AMD64, ARM64, ARM])
    instances.push(await makeCatalog({ files: FIXTURE_FILES, platforms: [platform] }));
  return instances;
}

/** The manifests of the index that comes out, without sizes. */
async function sparse(
  image: MadeImage,
  platforms: readonly Platform[],
): Promise<{ readonly digest: Digest; readonly children: readonly object[] }> {
  await using folder = await temporaryFolder();
  const registry = createMemoryRegistry('registry.example.com');
  registry.add('catalog', image, 'v1');
  const source = registry.source('catalog');
  const options = { source, digest: image.top.digest, platforms, folder: folder.path };
  const built = await sparseCatalog(options, signal);
  const parsed = await readParsed(built.image, built.digest);
  const children = parsed.kind === 'index' ? parsed.manifests : [];
  for (const child of children) await readParsed(built.image, child.digest);
  return {
    digest: built.digest,
    children: children.map(({ digest, platform }) => ({ digest, platform })),
  };
}

it('names the instances that are wanted, as they are, in the order of the source', async () => {
  const [amd64, arm64, arm] = await makeInstances();
  if (amd64 === undefined || arm64 === undefined || arm === undefined) throw new Error('no images');
  const variant = { ...arm.descriptor, platform: { variant: 'v7', ...ARM } };
  const index = makeIndex([amd64, arm64, { ...arm, descriptor: variant }]);
  const { digest, children } = await sparse(index, [ARM, AMD64]);
  expect(digest).not.toBe(index.top.digest);
  expect(children).toEqual([
    { digest: amd64.top.digest, platform: AMD64 },
    { digest: arm.top.digest, platform: { ...ARM, variant: 'v7' } },
  ]);
});

it('is the source itself where nothing is left out, and where that is a single image', async () => {
  const instances = await makeInstances();
  const index = makeIndex(instances);
  expect((await sparse(index, [ARM64, AMD64, ARM])).digest).toBe(index.top.digest);
  const [single] = instances;
  if (single === undefined) throw new Error('no image');
  expect((await sparse(single, [ARM64])).digest).toBe(single.top.digest);
});

it('takes the platform from the config where the index does not say it', async () => {
  const instances = await makeInstances();
  const unnamed = instances.map((image) => {
    const { mediaType, digest, size } = image.descriptor;
    return { ...image, descriptor: { mediaType, digest, size } };
  });
  const { children } = await sparse(makeIndex(unnamed), [ARM64]);
  expect(children).toEqual([{ digest: instances[1]?.top.digest, platform: ARM64 }]);
});

it('fails where no instance has a platform that is wanted', async () => {
  await expect(
    sparse(makeIndex(await makeInstances()), [{ os: 'linux', architecture: 's390x' }]),
  ).rejects.toMatchObject({ code: 'PLATFORM_NOT_FOUND' });
});

it('fails where there is no image', async () => {
  await expect(sparse(makeIndex([]), [])).rejects.toMatchObject({ code: 'PLATFORM_NOT_FOUND' });
});
