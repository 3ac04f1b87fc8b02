import { execFile } from 'node:child_process';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  type MadeImage,
  makeCosignSignature,
  makeImage,
  makeIndex,
  makeReferrer,
} from '../../test/support/make-image.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { digestOf } from '../oci/digest.ts';
import { verified } from '../oci/verified.ts';
import { openLayoutSource } from './layout-source.ts';

const signal = AbortSignal.timeout(60_000);
const image = await makeImage({ seed: 'layout' });
const other = await makeImage({ seed: 'other' });
const LATEST = { kind: 'tag', tag: 'latest' } as const;

interface Entry {
  readonly image: MadeImage;
  readonly name?: string;
}

/** Writes a layout with these entries; `index.json` names their tops. */
async function writeLayout(folder: string, entries: readonly Entry[]): Promise<void> {
  const manifests = entries.map(({ image: { descriptor }, name }) => ({
    ...descriptor,
    ...(name === undefined ? {} : { annotations: { 'org.opencontainers.image.ref.name': name } }),
  }));
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  for (const { image: one } of entries) {
    const contents = new Map(one.blobs);
    for (const manifest of one.manifests) contents.set(manifest.digest, manifest.bytes);
    for (const [digest, bytes] of contents) {
      const file = blobPath(folder, digest);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
    }
  }
}

function blobPath(folder: string, digest: string): string {
  return join(folder, 'blobs', digest.replace(':', '/'));
}

it('reads its one image by any tag, its blobs, and every manifest by digest', async () => {
  await using folder = await temporaryFolder();
  const index = makeIndex([image, other]);
  await writeLayout(folder.path, [{ image: index, name: 'v1' }]);
  const source = openLayoutSource(folder.path);
  expect(source.name).toBe(`oci://${folder.path}`);
  expect((await source.readManifest(LATEST, signal)).bytes).toEqual(index.top.bytes);
  for (const { digest, mediaType, bytes } of index.manifests) {
    const read = await source.readManifest({ kind: 'digest', digest }, signal);
    expect(read).toEqual({ digest, mediaType, bytes });
  }
  for (const [digest, bytes] of index.blobs) {
    const blob = { mediaType: 'a/b', digest, size: bytes.length };
    await using body = await source.openBlob(blob, signal);
    expect(Buffer.concat(await Array.fromAsync(verified(body, blob))).equals(bytes)).toBe(true);
  }
});

it('lists its images where it has several, and takes a name or a digest', async () => {
  await using folder = await temporaryFolder();
  await writeLayout(folder.path, [{ image, name: 'v1' }, { image: other }]);
  const source = openLayoutSource(folder.path);
  await expect(source.readManifest(LATEST, signal)).rejects.toMatchObject({
    code: 'REFERENCE_INVALID',
    message: expect.stringMatching(
      new RegExp(`${image.top.digest} v1, ${other.top.digest}`),
    ) as string,
  });
  const v1 = await source.readManifest({ kind: 'tag', tag: 'v1' }, signal);
  expect(v1.digest).toBe(image.top.digest);
});

it('finds what belongs to an image, and does not take it for an image', async () => {
  await using folder = await temporaryFolder();
  const signature = makeCosignSignature(image.top.digest);
  const referrer = makeReferrer(image);
  await writeLayout(folder.path, [
    { image },
    { image: signature.image, name: signature.tag },
    { image: referrer },
  ]);
  const source = openLayoutSource(folder.path);
  expect((await source.readManifest(LATEST, signal)).digest).toBe(image.top.digest);
  const found = await source.findAttachments(image.top.digest, signal);
  expect(found).toEqual({ tags: [signature.tag], referrers: [referrer.descriptor] });
  const read = await source.readManifest({ kind: 'tag', tag: signature.tag }, signal);
  expect(read.digest).toBe(signature.image.top.digest);
  const none = { kind: 'tag', tag: signature.tag.replace('.sig', '.att') } as const;
  await expect(source.readManifest(none, signal)).rejects.toMatchObject({
    code: 'REGISTRY_NOT_FOUND',
  });
});

describe('a layout that is wrong', () => {
  it.each([
    ['is not there', async (folder: string) => rm(folder, { recursive: true }), 'STORE_INVALID'],
    [
      'has no oci-layout',
      async (folder: string) => rm(join(folder, 'oci-layout')),
      'STORE_INVALID',
    ],
    [
      'has no index.json',
      async (folder: string) => rm(join(folder, 'index.json')),
      'STORE_INVALID',
    ],
    [
      'has an index.json that is not JSON',
      async (folder: string) => writeFile(join(folder, 'index.json'), '<html>'),
      'MANIFEST_INVALID',
    ],
    [
      'has an empty index.json',
      async (folder: string) => writeFile(join(folder, 'index.json'), '{"manifests":[]}'),
      'REGISTRY_NOT_FOUND',
    ],
    [
      'has a manifest with other content',
      async (folder: string) => writeFile(blobPath(folder, image.top.digest), '{}'),
      'DIGEST_MISMATCH',
    ],
    [
      'has a manifest of 5 MiB',
      async (folder: string) =>
        writeFile(blobPath(folder, image.top.digest), Buffer.alloc(5 << 20)),
      'STORE_INVALID',
    ],
    [
      'lacks its manifest',
      async (folder: string) => rm(blobPath(folder, image.top.digest)),
      'REGISTRY_NOT_FOUND',
    ],
    [
      'has a pipe for a manifest',
      async (folder: string) => {
        await rm(blobPath(folder, image.top.digest));
        await promisify(execFile)('mkfifo', [blobPath(folder, image.top.digest)]);
      },
      'STORE_INVALID',
    ],
  ])('%s', async (_what, spoil, code) => {
    await using folder = await temporaryFolder();
    const layout = join(folder.path, 'layout');
    await mkdir(layout);
    await writeLayout(layout, [{ image }]);
    await spoil(layout);
    await expect(openLayoutSource(layout).readManifest(LATEST, signal)).rejects.toMatchObject({
      code,
    });
  });

  it('cannot make us read files outside of it', async () => {
    await using folder = await temporaryFolder();
    const layout = join(folder.path, 'layout');
    await mkdir(layout);
    await writeLayout(layout, [{ image }]);
    const secret = Buffer.from('a secret of this machine');
    const blob = { mediaType: 'a/b', digest: digestOf(secret), size: secret.length };
    await writeFile(join(folder.path, 'secret'), secret);
    await symlink(join(folder.path, 'secret'), blobPath(layout, blob.digest));
    const source = openLayoutSource(layout);
    await expect(source.openBlob(blob, signal)).rejects.toMatchObject({ code: 'STORE_INVALID' });

    await rm(join(layout, 'index.json'));
    await writeFile(join(folder.path, 'index.json'), '{"manifests":[]}');
    await symlink('../index.json', join(layout, 'index.json'));
    await expect(source.readManifest(LATEST, signal)).rejects.toMatchObject({
      code: 'STORE_INVALID',
    });
  });

  it('may link within itself, and be a link', async () => {
    await using folder = await temporaryFolder();
    const layout = join(folder.path, 'layout');
    await mkdir(layout);
    await writeLayout(layout, [{ image }]);
    await symlink(layout, join(folder.path, 'link'));
    const source = openLayoutSource(join(folder.path, 'link'));
    expect((await source.readManifest(LATEST, signal)).digest).toBe(image.top.digest);
  });

  it('has no blob that it lacks', async () => {
    await using folder = await temporaryFolder();
    await writeLayout(folder.path, [{ image }]);
    const blob = { mediaType: 'a/b', digest: other.top.digest, size: 1 };
    await expect(openLayoutSource(folder.path).openBlob(blob, signal)).rejects.toMatchObject({
      code: 'REGISTRY_NOT_FOUND',
    });
  });
});
