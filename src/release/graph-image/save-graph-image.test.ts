import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readBlob, readImages, readParsed } from '../../../test/support/catalogs/read-layer.ts';
import { type MadeImage, makeImage, makeIndex } from '../../../test/support/make-image.ts';
import { createMemoryRegistry } from '../../../test/support/memory-ends.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { digestOf } from '../../oci/digest.ts';
import { blobsOf } from '../../oci/manifest.ts';
import { openLayoutSource } from '../../store/layout-source.ts';
import type { BuiltGraphImage } from './graph-image.ts';
import { saveGraphImage } from './save-graph-image.ts';

const { signal } = new AbortController();

async function makeMade(seed: string): Promise<MadeImage> {
  const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));
  const images = platforms.map((platform) => makeImage({ seed, platform }));
  return makeIndex(await Promise.all(images));
}

function builtOf(made: MadeImage): BuiltGraphImage {
  const registry = createMemoryRegistry('registry.example.com');
  registry.add('graph', made);
  return { digest: made.top.digest, image: registry.source('graph') };
}

it('writes a layout with all that the image has', async () => {
  await using folder = await temporaryFolder();
  const made = await makeMade('one');
  await saveGraphImage(builtOf(made), folder.path, signal);
  const layout = openLayoutSource(folder.path);
  const top = await layout.readManifest({ kind: 'tag', tag: 'latest' }, signal);
  expect(top.digest).toBe(made.top.digest);
  for (const image of await readImages(layout, made.top.digest))
    for (const blob of blobsOf(image))
      expect((await readBlob(layout, blob)).length).toBe(blob.size);
  const files = await readdir(folder.path);
  expect(files.sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
  const blobs = await readdir(join(folder.path, 'blobs/sha256'));
  expect(blobs).toHaveLength(made.blobs.size + made.manifests.length);
});

it('takes the place of the layout that was there', async () => {
  await using folder = await temporaryFolder();
  const [one, two] = [await makeMade('one'), await makeMade('two')];
  await saveGraphImage(builtOf(one), folder.path, signal);
  await saveGraphImage(builtOf(two), folder.path, signal);
  await saveGraphImage(builtOf(two), folder.path, signal);
  const layout = openLayoutSource(folder.path);
  expect((await layout.readManifest({ kind: 'tag', tag: 'latest' }, signal)).digest).toBe(
    two.top.digest,
  );
  const blobs = await readdir(join(folder.path, 'blobs/sha256'));
  expect(blobs).toHaveLength(two.blobs.size + two.manifests.length);
});

it('leaves the old layout where the new one cannot be read', async () => {
  await using folder = await temporaryFolder();
  const [one, two] = [await makeMade('one'), await makeMade('two')];
  await saveGraphImage(builtOf(one), folder.path, signal);
  const registry = createMemoryRegistry('registry.example.com');
  registry.add('graph', two);
  registry.deliver = async function* corrupt() {
    yield await Promise.resolve(Buffer.from('other'));
  };
  const broken = { digest: two.top.digest, image: registry.source('graph') };
  await expect(saveGraphImage(broken, folder.path, signal)).rejects.toMatchObject({
    code: 'BLOB_CORRUPT',
  });
  const layout = openLayoutSource(folder.path);
  const { digest } = await layout.readManifest({ kind: 'tag', tag: 'latest' }, signal);
  expect(digest).toBe(one.top.digest);
  expect((await readParsed(layout, digest)).kind).toBe('index');
});

it('refuses what a layout of SHA-256 cannot hold', async () => {
  await using folder = await temporaryFolder();
  const config = Buffer.from('{}');
  const { mediaType } = (await makeImage()).top;
  const descriptor = { mediaType: 'text/plain', digest: digestOf(config, 'sha512'), size: 2 };
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config: descriptor }));
  const top = { bytes, mediaType, digest: digestOf(bytes) };
  const blobs = new Map([[descriptor.digest, config]]);
  const made = { top, manifests: [top], blobs, descriptor };
  await expect(saveGraphImage(builtOf(made), folder.path, signal)).rejects.toMatchObject({
    code: 'CONTENT_UNSUPPORTED',
  });
});

it('says where the disk fails', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'file');
  await writeFile(file, '');
  const saving = saveGraphImage(builtOf(await makeMade('one')), file, signal);
  await expect(saving).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});
