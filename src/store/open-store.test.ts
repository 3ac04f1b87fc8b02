import {
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import type { ImageTarget } from '../oci/ends.ts';
import {
  type MadeImage,
  makeCosignSignature,
  makeImage,
  makeIndex,
  makeReferrer,
} from '../../test/support/make-image.ts';
import { type Store, openStore } from './open-store.ts';

const NEVER = new AbortController().signal;
let folder: string;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'store-'));
  store = await openStore(folder);
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function* chunks(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield await Promise.resolve(Buffer.from(part));
}

function describeBlob(
  content: string | Uint8Array,
  algorithm: 'sha256' | 'sha512' = 'sha256',
): Descriptor {
  const bytes = Buffer.from(content);
  return {
    mediaType: 'application/octet-stream',
    digest: digestOf(bytes, algorithm),
    size: bytes.length,
  };
}

async function putBlob(target: ImageTarget, content: string | Uint8Array): Promise<Descriptor> {
  const blob = describeBlob(content);
  const upload = await target.beginBlob(blob, { from: target.repository }, NEVER);
  await upload?.finish(chunks(content), NEVER);
  return blob;
}

async function putImage(repository: string, image: MadeImage, tag?: string): Promise<void> {
  const target = store.target(repository);
  for (const bytes of image.blobs.values()) await putBlob(target, bytes);
  for (const manifest of image.manifests) {
    const isTagged = manifest === image.top && tag !== undefined;
    await target.putManifest(
      manifest,
      isTagged ? { kind: 'tag', tag } : { kind: 'digest', digest: manifest.digest },
      NEVER,
    );
  }
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort();
}

async function readBlob(repository: string, blob: Descriptor): Promise<string> {
  await using body = await store.source(repository).openBlob(blob, NEVER);
  return Buffer.concat(await Array.fromAsync(body)).toString();
}

describe('the tree', () => {
  it('is exactly what the distribution layout says (spec 2.3)', async () => {
    const image = await makeImage({ layers: 1 });
    await putImage('ns/app', image, 'v1');

    const hex = (digest: string): string => digest.slice('sha256:'.length);
    const blobs = [...image.blobs.keys(), image.top.digest].map(
      (digest) => `blobs/sha256/${hex(digest).slice(0, 2)}/${hex(digest)}/data`,
    );
    const layers = [...image.blobs.keys()].map(
      (digest) => `repositories/ns/app/_layers/sha256/${hex(digest)}/link`,
    );
    const top = hex(image.top.digest);
    expect(await filesBelow(join(folder, 'docker/registry/v2'))).toEqual(
      [
        ...blobs,
        ...layers,
        `repositories/ns/app/_manifests/revisions/sha256/${top}/link`,
        'repositories/ns/app/_manifests/tags/v1/current/link',
        `repositories/ns/app/_manifests/tags/v1/index/sha256/${top}/link`,
      ].sort(),
    );
    const link = await readFile(
      join(folder, 'docker/registry/v2/repositories/ns/app/_manifests/tags/v1/current/link'),
      'utf8',
    );
    expect(link).toBe(image.top.digest);
    expect((await filesBelow(folder)).filter((path) => !path.startsWith('docker/'))).toEqual([]);
  });

  it('keeps a blob once for all repositories, and needs no upload for the second', async () => {
    const blob = await putBlob(store.target('one'), 'content');

    const upload = await store.target('two').beginBlob(blob, { from: 'one' }, NEVER);

    expect(upload).toBeUndefined();
    expect(await readBlob('two', blob)).toBe('content');
    await expect(readBlob('three', blob)).rejects.toMatchObject({ code: 'REGISTRY_NOT_FOUND' });
  });

  it('stores a blob of sha512 under its sha256 (spec 2.3)', async () => {
    const blob = describeBlob('content', 'sha512');
    const upload = await store.target('app').beginBlob(blob, { from: 'app' }, NEVER);
    await upload?.finish(chunks('con', 'tent'), NEVER);

    expect(await readBlob('app', blob)).toBe('content');
    expect(await readBlob('app', describeBlob('content'))).toBe('content');
    const path = join(
      folder,
      'docker/registry/v2/repositories/app/_layers/sha512',
      blob.digest.slice(7),
      'link',
    );
    expect(await readFile(path, 'utf8')).toBe(describeBlob('content').digest);
  });

  it('fills in a blob that is there with another size, as a crash of another program may leave it', async () => {
    const blob = await putBlob(store.target('app'), 'content');
    const hex = blob.digest.slice(7);
    await writeFile(
      join(folder, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data'),
      'con',
    );

    const upload = await store.target('app').beginBlob(blob, { from: 'app' }, NEVER);
    await upload?.finish(chunks('content'), NEVER);

    expect(upload).toBeDefined();
    expect(await readBlob('app', blob)).toBe('content');
  });
});

describe('blobs', () => {
  it.each([
    { what: 'other content', sent: ['c0ntent'] },
    { what: 'too little', sent: ['cont'] },
    { what: 'too much', sent: ['content', '!'] },
  ])('are refused with $what, and leave nothing', async ({ sent }) => {
    const blob = describeBlob('content');
    const upload = await store.target('app').beginBlob(blob, { from: 'app' }, NEVER);
    await expect(upload?.finish(chunks(...sent), NEVER)).rejects.toMatchObject({
      code: 'BLOB_CORRUPT',
    });
    expect(await filesBelow(folder)).toEqual([]);
  });

  it('leave nothing when an upload is given up or its source fails', async () => {
    const target = store.target('app');
    const given = await target.beginBlob(describeBlob('one'), { from: 'app' }, NEVER);
    await given?.abort();
    const failing = await target.beginBlob(describeBlob('two'), { from: 'app' }, NEVER);
    const broken = (async function* () {
      yield* chunks('t');
      throw new Error('connection lost');
    })();
    await expect(failing?.finish(broken, NEVER)).rejects.toThrow('connection lost');
    expect(await filesBelow(folder)).toEqual([]);
  });

  it('arrive whole when eight writers bring the same one', async () => {
    const content = Buffer.alloc(1 << 20, 'x');
    const blob = describeBlob(content);
    await Promise.all(
      Array.from({ length: 8 }, (_, index) => putBlob(store.target(`app${index}`), content)),
    );
    expect((await readBlob('app7', blob)).length).toBe(1 << 20);
    expect((await filesBelow(folder)).filter((path) => path.endsWith('data'))).toHaveLength(1);
  });
});

describe('manifests and tags', () => {
  it('are read back byte for byte, with their type, by tag and by digest', async () => {
    const image = await makeImage({ mediaTypes: 'docker' });
    await putImage('app', image, 'v1');
    const source = store.source('app');
    const byTag = await source.readManifest({ kind: 'tag', tag: 'v1' }, NEVER);
    const byDigest = await source.readManifest({ kind: 'digest', digest: image.top.digest }, NEVER);
    expect(byTag).toEqual({ ...image.top, bytes: Buffer.from(image.top.bytes) });
    expect(byDigest).toEqual(byTag);
  });

  it('may name children that are absent', async () => {
    const index = makeIndex([await makeImage()], { absent: [await makeImage({ seed: 'absent' })] });
    await putImage('app', index, 'v1');
    expect(await store.target('app').findManifest({ kind: 'tag', tag: 'v1' }, NEVER)).toBe(
      index.top.digest,
    );
  });

  it('are refused under another digest than their own', async () => {
    const [one, two] = [await makeImage({ seed: '1' }), await makeImage({ seed: '2' })];
    const put = store
      .target('app')
      .putManifest(one.top, { kind: 'digest', digest: two.top.digest }, NEVER);
    await expect(put).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it('are not served when somebody changed the bytes on disk', async () => {
    const image = await makeImage();
    await putImage('app', image, 'v1');
    const hex = image.top.digest.slice(7);
    await writeFile(
      join(folder, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data'),
      '{"schemaVersion":2}',
    );
    const read = store.source('app').readManifest({ kind: 'tag', tag: 'v1' }, NEVER);
    await expect(read).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it('are found only through the links of their repository (spec 2.4)', async () => {
    const image = await makeImage();
    await putImage('app', image, 'v1');
    const repository = join(folder, 'docker/registry/v2/repositories/app');
    await rm(join(repository, '_manifests/revisions'), { recursive: true });
    const target = store.target('app');
    expect(await target.findManifest({ kind: 'tag', tag: 'v1' }, NEVER)).toBeUndefined();
    expect(
      await store.target('other').findManifest({ kind: 'digest', digest: image.top.digest }, NEVER),
    ).toBeUndefined();
  });

  it('go with all their tags when deleted; content and other manifests stay (spec 2.6)', async () => {
    const [old, current] = [await makeImage({ seed: 'old' }), await makeImage({ seed: 'current' })];
    await putImage('app', old, 'v1');
    await putImage('app', old, 'also-v1');
    await putImage('app', current, 'v2');
    const target = store.target('app');

    expect(await target.deleteManifest(old.top.digest, NEVER)).toBe(true);

    expect(await target.listTags(NEVER)).toEqual(['v2']);
    expect(
      await target.findManifest({ kind: 'digest', digest: old.top.digest }, NEVER),
    ).toBeUndefined();
    expect(await target.findManifest({ kind: 'tag', tag: 'v2' }, NEVER)).toBe(current.top.digest);
    expect(await target.deleteManifest(old.top.digest, NEVER)).toBe(false);
    const [layer] = old.blobs.keys();
    expect(await store.repository('app').findBlob(layer ?? old.top.digest)).toBeDefined();
  });

  it('keep their other tags when one tag is deleted', async () => {
    const image = await makeImage();
    await putImage('app', image, 'v1');
    await putImage('app', image, 'v2');
    const target = store.target('app');
    expect(await target.deleteTag('v1', NEVER)).toBe(true);
    expect(await target.deleteTag('v1', NEVER)).toBe(false);
    expect(await target.listTags(NEVER)).toEqual(['v2']);
    expect(await target.findManifest({ kind: 'digest', digest: image.top.digest }, NEVER)).toBe(
      image.top.digest,
    );
  });

  it('are there with their digest as soon as they are listed, and gone in one step', async () => {
    const image = await makeImage();
    await putImage('app', image);
    const target = store.target('app');
    let isDone = false;
    async function change(): Promise<void> {
      for (let index = 0; index < 100; index += 1) {
        await target.putManifest(image.top, { kind: 'tag', tag: `v${index}` }, NEVER);
        if (index % 2 === 0) await target.deleteTag(`v${index}`, NEVER);
      }
      isDone = true;
    }
    const incomplete: string[] = [];
    async function watch(): Promise<void> {
      const tags = join(folder, 'docker/registry/v2/repositories/app/_manifests/tags');
      while (!isDone) {
        const names = await readdir(tags).catch(() => []);
        const newest = names.sort((a, b) => Number(b.slice(1)) - Number(a.slice(1)))[0];
        if (newest === undefined) continue;
        const entries = await readdir(join(tags, newest)).catch(() => ['current']); // Deleted since.
        if (!entries.includes('current')) incomplete.push(newest);
      }
    }

    await Promise.all([change(), watch(), watch()]);

    expect(incomplete).toEqual([]);
    expect(await target.listTags(NEVER)).toHaveLength(50);
  });

  it('accept white space in links of other programs, and take broken links for missing ones', async () => {
    const image = await makeImage();
    await putImage('app', image, 'v1');
    const link = join(
      folder,
      'docker/registry/v2/repositories/app/_manifests/tags/v1/current/link',
    );
    await writeFile(link, `${image.top.digest}\n`);
    expect(await store.target('app').findManifest({ kind: 'tag', tag: 'v1' }, NEVER)).toBe(
      image.top.digest,
    );
    await writeFile(link, '');
    expect(
      await store.target('app').findManifest({ kind: 'tag', tag: 'v1' }, NEVER),
    ).toBeUndefined();
  });
});

describe('attachments', () => {
  it('are cosign tags and referrers, also those that came later, without deleted ones', async () => {
    const image = await makeImage();
    const signature = makeCosignSignature(image.top.digest);
    await putImage('app', image, 'v1');
    expect(await store.source('app').findAttachments(image.top.digest, NEVER)).toEqual({
      tags: [],
      referrers: [],
    });
    const note = makeReferrer(image, 'application/vnd.example.note');
    const report = makeReferrer(image, 'application/vnd.example.report', 'a report');
    await putImage('app', signature.image, signature.tag);
    await putImage('app', note);
    await putImage('app', report);
    await putImage('app', makeReferrer(await makeImage({ seed: 'other' })));

    const both = await store.source('app').findAttachments(image.top.digest, NEVER);
    await store.target('app').deleteManifest(note.top.digest, NEVER);
    const left = await store.target('app').findAttachments(image.top.digest, NEVER);

    expect(both.tags).toEqual([signature.tag]);
    expect(both.referrers.map(({ artifactType }) => artifactType).sort()).toEqual([
      'application/vnd.example.note',
      'application/vnd.example.report',
    ]);
    expect(left.referrers.map(({ digest }) => digest)).toEqual([report.top.digest]);
  });
});

describe('hostile names and trees', () => {
  it.each([
    '..',
    '../x',
    'a/../b',
    'a//b',
    '/a',
    'a/',
    '',
    'A',
    '_layers',
    'a/_manifests',
    'a\0b',
    '.',
    'a/.',
  ])('refuse the repository %j', (name) => {
    expect(() => store.target(name)).toThrow(
      expect.objectContaining({ code: 'REFERENCE_INVALID' }),
    );
  });

  it('refuse whatever is no tag, for every text', async () => {
    const target = store.target('app');
    await fc.assert(
      fc.asyncProperty(
        fc.string().filter((text) => !/^\w[\w.-]{0,127}$/.test(text)),
        async (tag) => {
          await expect(target.deleteTag(tag, NEVER)).rejects.toMatchObject({
            code: 'REFERENCE_INVALID',
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  it('follow no symbolic link, neither to read nor to write', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'outside-'));
    const image = await makeImage();
    await putImage('app', image, 'v1');
    const repositories = join(folder, 'docker/registry/v2/repositories');
    await symlink(join(repositories, 'app'), join(repositories, 'alias'));
    await symlink(outside, join(repositories, 'elsewhere'));
    const secret = join(outside, 'secret');
    await writeFile(secret, 'secret');
    const link = join(
      repositories,
      'app/_layers/sha256',
      describeBlob('secret').digest.slice(7),
      'link',
    );
    await mkdir(dirname(link), { recursive: true });
    await symlink(secret, link);

    const alias = store.target('alias').findManifest({ kind: 'tag', tag: 'v1' }, NEVER);
    await expect(alias).rejects.toMatchObject({ code: 'STORE_INVALID' });
    await expect(readBlob('app', describeBlob('secret'))).rejects.toMatchObject({
      code: 'STORE_INVALID',
    });
    await expect(putImage('elsewhere', image, 'v1')).rejects.toMatchObject({
      code: 'STORE_INVALID',
    });
    expect(await store.listRepositories()).toEqual(['app']);
    expect(await readdir(outside)).toEqual(['secret']);
    await rm(outside, { recursive: true });
  });
});

it('lists repositories at every depth, sorted, without reserved folders', async () => {
  const image = await makeImage();
  for (const name of ['b', 'a/b/c', 'a/b', 'a-b']) await putImage(name, image, 'v1');
  expect(await store.listRepositories()).toEqual(['a-b', 'a/b', 'a/b/c', 'b']);
});

it('removes unfinished writes that are older than a day when it opens', async () => {
  await store.openBlobWriter();
  const unfinished = join(folder, '.imageset/unfinished');
  const [old] = await readdir(unfinished);
  const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
  await utimes(join(unfinished, old ?? ''), twoDaysAgo, twoDaysAgo);
  await store.openBlobWriter();
  await openStore(folder);
  expect(await readdir(unfinished)).toHaveLength(1);
  expect(await readdir(unfinished)).not.toContain(old);
});

it('says what is wrong when the folder is a file', async () => {
  const path = join(folder, 'file');
  await writeFile(path, '');
  await expect(openStore(path)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

it('reads what an interrupted caller asks for not at all', async () => {
  const read = store.source('app').readManifest({ kind: 'tag', tag: 'v1' }, AbortSignal.abort());
  await expect(read).rejects.toMatchObject({ name: 'AbortError' });
});
