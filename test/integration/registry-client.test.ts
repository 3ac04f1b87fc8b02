import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, digestTag } from '../../src/oci/digest.ts';
import type { ImageTarget } from '../../src/oci/ends.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import type { RegistryReference } from '../../src/oci/reference.ts';
import { verified } from '../../src/oci/verified.ts';
import type { RegistryClient } from '../../src/registry/registry-client.ts';
import { type RunningDockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import {
  type MadeImage,
  makeCosignSignature,
  makeImage,
  makeIndex,
  makeReferrer,
  seededBytes,
} from '../support/make-image.ts';
import { pushImage } from '../support/push-image.ts';
import { testClient } from '../support/registry-client.ts';
import { findProgram } from '../support/run-program.ts';
import { inspectRaw } from '../support/skopeo.ts';
import { type TokenServer, startTokenServer } from '../support/token-server.ts';

const signal = AbortSignal.timeout(120_000);
const hasRegistry = findProgram('docker-registry') !== undefined;
const hasSkopeo = findProgram('skopeo') !== undefined;

async function* chunksOf(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) {
    await Promise.resolve();
    yield bytes.subarray(start, start + size);
  }
}

/** Writes an image through the client, as the copy engine would; returns how many blobs were sent. */
async function push(target: ImageTarget, image: MadeImage, tag: string): Promise<number> {
  let sent = 0;
  for (const [digest, bytes] of image.blobs) {
    const blob = { mediaType: 'application/octet-stream', digest, size: bytes.length };
    const upload = await target.beginBlob(blob, { from: target.repository }, signal);
    if (upload === undefined) continue;
    await upload.finish(verified(chunksOf(bytes), blob), signal);
    sent += 1;
  }
  for (const manifest of image.manifests) {
    const reference =
      manifest === image.top
        ? ({ kind: 'tag', tag } as const)
        : ({ kind: 'digest', digest: manifest.digest } as const);
    await target.putManifest(manifest, reference, signal);
  }
  return sent;
}

describe.skipIf(!hasRegistry)('the registry client against docker-registry 2.8', () => {
  let registry: RunningDockerRegistry;
  let client: RegistryClient;
  beforeAll(async () => {
    registry = await startDockerRegistry();
    client = testClient();
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
  });

  function reference(repository: string): RegistryReference {
    return { kind: 'registry', registry: registry.host, repository, path: repository };
  }

  /** `METHOD status` of the requests that a call caused, pings left out. */
  async function requestsOf(work: () => Promise<unknown>): Promise<string[]> {
    const before = (await registry.requests()).length;
    await work();
    const all = (await registry.requests()).slice(before);
    return all
      .filter(({ path }) => path !== '/v2/')
      .map(({ method, path, status }) => {
        const what = /\/(manifests|blobs\/uploads|blobs|tags|referrers)\b/.exec(path)?.[1] ?? path;
        return `${method} ${what} ${status}`;
      });
  }

  it('pushes and reads back an index with large and small blobs', async () => {
    const [amd64, s390x] = await Promise.all([
      makeImage({ seed: 'amd64', layers: [{}, { fillerBytes: 3_000_000 }] }),
      makeImage({ seed: 's390x', platform: { os: 'linux', architecture: 's390x' } }),
    ]);
    const index = makeIndex([amd64, s390x]);
    const target = client.target({ host: registry.host, repository: 'push/app' });
    expect(await push(target, index, '1.0')).toBe(index.blobs.size);

    const source = client.source(reference('push/app'));
    const read = await source.readManifest({ kind: 'tag', tag: '1.0' }, signal);
    expect(read).toEqual({ ...index.top, bytes: Buffer.from(index.top.bytes) });
    for (const [digest, bytes] of index.blobs) {
      const blob = { mediaType: 'application/octet-stream', digest, size: bytes.length };
      await using body = await source.openBlob(blob, signal);
      const received = Buffer.concat(await Array.fromAsync(verified(body, blob)));
      expect(received.equals(bytes)).toBe(true);
    }
    if (hasSkopeo) {
      const raw = await inspectRaw(`docker://${registry.host}/push/app:1.0`);
      expect(raw.equals(index.top.bytes)).toBe(true);
    }
  });

  it('sends small blobs with POST and PUT, large ones with POST, PATCH and PUT, and asks nothing before', async () => {
    const target = client.target({ host: registry.host, repository: 'count/app' });
    async function send(bytes: Uint8Array): Promise<void> {
      const blob = { mediaType: 'a/b', digest: digestOf(bytes), size: bytes.length };
      const upload = await target.beginBlob(blob, { from: target.repository }, signal);
      await upload?.finish(chunksOf(bytes), signal);
    }
    await send(seededBytes('first: learns what a mount tells', 10));
    const small = seededBytes('small', 30_000);
    const large = seededBytes('large', 2_000_000);
    expect(await requestsOf(() => send(small))).toEqual([
      'POST blobs/uploads 202',
      'PUT blobs/uploads 201',
    ]);
    expect(await requestsOf(() => send(large))).toEqual([
      'POST blobs/uploads 202',
      'PATCH blobs/uploads 202',
      'PUT blobs/uploads 201',
    ]);
    // Again: each is one mount from the repository itself.
    expect(await requestsOf(() => send(small))).toEqual(['POST blobs/uploads 201']);
    expect(await requestsOf(() => send(large))).toEqual(['POST blobs/uploads 201']);
  });

  it('mounts from another repository, and uses the session where it cannot', async () => {
    const image = await makeImage({ seed: 'mounted' });
    await pushImage(registry.endpoint, 'mount/from', image, 'v1');
    const target = client.target({ host: registry.host, repository: 'mount/to' });
    for (const [digest, bytes] of image.blobs) {
      const blob = { mediaType: 'a/b', digest, size: bytes.length };
      expect(await target.beginBlob(blob, { from: 'mount/from' }, signal)).toBeUndefined();
    }
    await target.putManifest(image.top, { kind: 'tag', tag: 'v1' }, signal);
    const bytes = seededBytes('not there', 1000);
    const blob = { mediaType: 'a/b', digest: digestOf(bytes), size: bytes.length };
    const upload = await target.beginBlob(blob, { from: 'mount/from' }, signal);
    await upload?.finish(chunksOf(bytes), signal);
    expect(await target.beginBlob(blob, { from: 'mount/to' }, signal)).toBeUndefined();
  });

  it('finds cosign tags and referrers, and takes no image under a digest tag for a list of referrers', async () => {
    const images = await Promise.all([makeImage({ seed: 'a' }), makeImage({ seed: 'b' })]);
    const signature = makeCosignSignature(images[0].top.digest);
    const referrer = makeReferrer(images[0]);
    await pushImage(registry.endpoint, 'signed/app', images[0], 'a');
    await pushImage(registry.endpoint, 'signed/app', images[1], 'b');
    await pushImage(registry.endpoint, 'signed/app', signature.image, signature.tag);
    const fallback = makeIndex([referrer]);
    await pushImage(registry.endpoint, 'signed/app', fallback, digestTag(images[0].top.digest));
    // An image by digest lives under its own tag: that is no list of referrers.
    await pushImage(registry.endpoint, 'signed/app', images[1], digestTag(images[1].top.digest));

    await using fresh = testClient();
    const source = fresh.source(reference('signed/app'));
    let found;
    const first = await requestsOf(async () => {
      found = await source.findAttachments(images[0].top.digest, signal);
    });
    expect(found).toEqual({ tags: [signature.tag], referrers: [referrer.descriptor] });
    expect(first).toEqual(['GET tags 200', 'GET referrers 404', 'GET manifests 200']);
    const second = await requestsOf(async () => {
      found = await source.findAttachments(images[1].top.digest, signal);
    });
    expect(found).toEqual({ tags: [], referrers: [] });
    expect(second).toEqual(['GET manifests 200']);
  });

  it('costs one tags/list per repository and one referrers question per host, however many ask at once', async () => {
    const images = await Promise.all(
      Array.from({ length: 6 }, (_, index) => makeImage({ seed: `many ${index}`, layers: 1 })),
    );
    for (const [index, image] of images.entries())
      await pushImage(registry.endpoint, `many/app${index % 2}`, image, `t${index}`);
    await using fresh = testClient();
    const requests = await requestsOf(() =>
      Promise.all(
        images.map((image, index) =>
          fresh.source(reference(`many/app${index % 2}`)).findAttachments(image.top.digest, signal),
        ),
      ),
    );
    expect(requests.sort()).toEqual(['GET referrers 404', 'GET tags 200', 'GET tags 200']);
  });

  it('sees a signature that it wrote itself', async () => {
    const image = await makeImage({ seed: 'signed here' });
    const signature = makeCosignSignature(image.top.digest);
    const target = client.target({ host: registry.host, repository: 'signed/here' });
    await push(target, image, 'v1');
    expect((await target.findAttachments(image.top.digest, signal)).tags).toEqual([]);
    await push(target, signature.image, signature.tag);
    expect((await target.findAttachments(image.top.digest, signal)).tags).toEqual([signature.tag]);
    await target.deleteManifest(signature.image.top.digest, signal);
    expect((await target.findAttachments(image.top.digest, signal)).tags).toEqual([]);
  });

  it('lists tags sorted, and none where there is no repository', async () => {
    const image = await makeImage({ seed: 'tags' });
    for (const tag of ['b', 'a', 'A', '1'])
      await pushImage(registry.endpoint, 'tags/app', image, tag);
    const list = (repository: string): Promise<string[]> =>
      client.target({ host: registry.host, repository }).listTags(signal);
    expect(await list('tags/app')).toEqual(['1', 'A', 'a', 'b']);
    expect(await list('tags/none')).toEqual([]);
  });

  it('deletes a manifest once, and says that tags cannot go alone', async () => {
    const image = await makeImage({ seed: 'deleted' });
    await pushImage(registry.endpoint, 'delete/app', image, 'v1');
    const target = client.target({ host: registry.host, repository: 'delete/app' });
    const tag = { kind: 'tag', tag: 'v1' } as const;
    await expect(target.deleteTag('v1', signal)).rejects.toMatchObject({
      code: 'REGISTRY_DELETE_UNSUPPORTED',
    });
    expect(await target.findManifest(tag, signal)).toBe(image.top.digest);
    // The host was asked with a tag that does not exist; the second refusal costs nothing.
    const requests = await requestsOf(() => target.deleteTag('v1', signal).catch(() => undefined));
    expect(requests).toEqual([]);
    expect(await target.deleteManifest(image.top.digest, signal)).toBe(true);
    expect(await target.findManifest(tag, signal)).toBeUndefined();
    expect(await target.deleteManifest(image.top.digest, signal)).toBe(false);
  });

  it('says how to switch deletes on', async () => {
    await using fixed = await startDockerRegistry({ deleteEnabled: false });
    const image = await makeImage({ seed: 'fixed' });
    await pushImage(fixed.endpoint, 'app', image, 'v1');
    const target = client.target({ host: fixed.host, repository: 'app' });
    await expect(target.deleteManifest(image.top.digest, signal)).rejects.toMatchObject({
      code: 'REGISTRY_DELETE_UNSUPPORTED',
      hint: expect.stringContaining('REGISTRY_STORAGE_DELETE_ENABLED') as string,
    });
  });

  it("says what a strict registry misses of a sparse index, in the registry's words", async () => {
    const there = await makeImage({ seed: 'there' });
    const absent = await makeImage({
      seed: 'absent',
      platform: { os: 'linux', architecture: 'arm64' },
    });
    const target = client.target({ host: registry.host, repository: 'sparse/app' });
    await expect(
      push(target, makeIndex([there], { absent: [absent] }), 'v1'),
    ).rejects.toMatchObject({
      code: 'REGISTRY_REFUSED',
      message: expect.stringMatching(
        /Manifest list .*manifest blob unknown: blob unknown to registry/,
      ) as string,
    });
  });

  it('reads by mirror first, and names every endpoint that failed', async () => {
    const image = await makeImage({ seed: 'mirrored' });
    await pushImage(registry.endpoint, 'cache/team/app', image, 'v1');
    const conf = {
      tables: [
        {
          prefix: 'public.example/team',
          location: `127.0.0.1:1/team`,
          insecure: true,
          blocked: false,
          mirrors: [
            { location: `${registry.host}/nowhere`, insecure: true, pull: 'all' as const },
            { location: `${registry.host}/cache/team`, insecure: true, pull: 'all' as const },
          ],
          file: 'registries.conf',
        },
      ],
      credentialHelpers: undefined,
    };
    await using mirrored = testClient({ registriesConf: conf });
    const source = mirrored.source({ ...reference('team/app'), registry: 'public.example' });
    const found = await source.readManifest({ kind: 'tag', tag: 'v1' }, signal);
    expect(found.digest).toBe(image.top.digest);
    const manifest = parseManifest(found, 'image');
    const requests = await requestsOf(async () => {
      if (manifest.kind !== 'image') return;
      await using body = await source.openBlob(manifest.config, signal);
      await Array.fromAsync(body);
      await source.readManifest({ kind: 'digest', digest: found.digest }, signal);
    });
    // The mirror that delivered the manifest serves the rest: no question to the one before it.
    expect(requests).toEqual(['GET blobs 200', 'GET manifests 200']);
    expect(mirrored.sourceAccess()).toEqual([{ host: registry.host, credential: 'anonymous' }]);
    await expect(source.readManifest({ kind: 'tag', tag: 'v2' }, signal)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringMatching(
        /^\(Mirrors also failed: \[\S+\/nowhere\/app:v2: [^]*\]\n\[\S+\/cache\/team\/app:v2: [^]*\]\): 127\.0\.0\.1:1\/team\/app:v2: /,
      ) as string,
    });
  });

  it('finds out before anything is copied whether it may push and delete', async () => {
    await using tokens: TokenServer = await startTokenServer({
      users: {
        pusher: { password: 'p', mayDo: () => ['pull', 'push'] },
        owner: { password: 'o', mayDo: () => ['pull', 'push', 'delete'] },
        reader: { password: 'r', mayDo: () => ['pull'] },
      },
    });
    await using guarded = await startDockerRegistry({ tokenServer: tokens });
    async function preflight(username: string, password: string): Promise<unknown> {
      await using one = testClient({
        settings: { credentials: { kind: 'password', username, password } },
      });
      const destination = { host: guarded.host, namespace: 'team', maxNestedPaths: 0 };
      await one.checkAccess(destination, signal);
      return await one.preflightPush({ host: guarded.host, repository: 'team/app' }, signal);
    }
    expect(await preflight('owner', 'o')).toMatchObject({ mayDelete: 'yes' });
    expect(await preflight('pusher', 'p')).toMatchObject({ mayDelete: 'no' });
    await expect(preflight('reader', 'r')).rejects.toMatchObject({
      code: expect.stringMatching(/^REGISTRY_(?:UNAUTHORIZED|DENIED)$/) as string,
    });
    await expect(preflight('owner', 'wrong')).rejects.toMatchObject({
      code: 'REGISTRY_UNAUTHORIZED',
      message: expect.stringContaining('access: failed to authenticate') as string,
    });
  });
});
