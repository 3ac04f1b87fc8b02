import { expect, it } from 'vitest';
import { makeImage, makeIndex } from '../../test/support/make-image.ts';
import { createMemoryRegistry } from '../../test/support/memory-ends.ts';
import { createBlobLists } from '../store/blob-lists.ts';
import { type ManifestCache, createManifestCache } from '../store/manifest-cache.ts';
import { type AskedImage, nameOf, readBlobs } from './known-content.ts';

const { signal } = new AbortController();
const amd64 = { os: 'linux', architecture: 'amd64' };
const arm64 = { os: 'linux', architecture: 'arm64' };

const makeEnds = (): Parameters<typeof readBlobs>[1] & { readonly manifests: ManifestCache } => ({
  manifests: createManifestCache({ limitBytes: 0 }),
  openBlobLists: createBlobLists({}),
});

it('reads the manifests of an image once, and asks nobody afterwards', async () => {
  const registry = createMemoryRegistry('to.test');
  const image = await makeImage();
  registry.add('a', image);
  const ends = makeEnds();
  const asked = askedImage(registry.target('a'), image.top.digest);

  await readBlobs([asked, asked], ends, 8, signal);
  const { length } = registry.requests;
  const lists = await readBlobs([asked], ends, 8, signal);

  expect(length).toBe(1);
  expect(registry.requests).toHaveLength(1);
  const blobs = lists.get(nameOf(asked)) ?? [];
  expect(blobs.map(({ digest, size }) => [digest, size])).toEqual(
    [...image.blobs].map(([digest, bytes]) => [digest, bytes.byteLength]),
  );
});

it.each([true, false])(
  'keeps manifests for what follows where they are asked for: %s',
  async (keep) => {
    const registry = createMemoryRegistry('to.test');
    const image = await makeImage();
    registry.add('a', image);
    const ends = makeEnds();

    await readBlobs(
      [{ ...askedImage(registry.target('a'), image.top.digest), keep }],
      ends,
      8,
      signal,
    );

    expect((await ends.manifests.get(image.top.digest)) !== undefined).toBe(keep);
  },
);

it('uses a manifest that is kept', async () => {
  const registry = createMemoryRegistry('to.test');
  const image = await makeImage();
  const ends = makeEnds();
  await ends.manifests.put(image.top);
  const asked = askedImage(registry.target('a'), image.top.digest);

  const lists = await readBlobs([asked], ends, 8, signal);

  expect(registry.requests).toEqual([]);
  expect(lists.has(nameOf(asked))).toBe(true);
});

it('leaves an image out that cannot be read, and asks for it again', async () => {
  const registry = createMemoryRegistry('to.test');
  const image = await makeImage();
  const ends = makeEnds();
  const asked = askedImage(registry.target('a'), image.top.digest);

  const before = await readBlobs([asked], ends, 8, signal);
  registry.add('a', image);
  const after = await readBlobs([asked], ends, 8, signal);

  expect(before.get(nameOf(asked))).toBeUndefined();
  expect(after.get(nameOf(asked))).toHaveLength(image.blobs.size);
});

it('knows chosen instances of an index apart from all of them', async () => {
  const registry = createMemoryRegistry('to.test');
  const instances = [
    await makeImage({ seed: 'x', platform: amd64 }),
    await makeImage({ seed: 'y', platform: arm64 }),
  ];
  const index = makeIndex(instances);
  registry.add('a', index);
  const all = askedImage(registry.target('a'), index.top.digest);
  const some = { ...all, platforms: [arm64] };

  const lists = await readBlobs([all, some], makeEnds(), 8, signal);

  expect(lists.get(nameOf(all))).toHaveLength(index.blobs.size);
  expect(lists.get(nameOf(some))?.map(({ digest }) => digest)).toEqual([
    ...(instances[1]?.blobs.keys() ?? []),
  ]);
});

function askedImage(
  reader: NonNullable<ReturnType<AskedImage['reader']>>,
  digest: AskedImage['digest'],
): AskedImage {
  return { digest, platforms: undefined, reader: () => reader, keep: false };
}
