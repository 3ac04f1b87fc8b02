import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deleteImages } from '../../src/mirror/delete-images.ts';
import { lookPresent, verifyImages } from '../../src/mirror/presence.ts';
import { type PassImage, runPass } from '../../src/mirror/run-pass.ts';
import type { ImageTarget } from '../../src/oci/ends.ts';
import type { RegistryClient } from '../../src/registry/registry-client.ts';
import { createManifestCache, type ManifestCache } from '../../src/store/manifest-cache.ts';
import { openStore } from '../../src/store/open-store.ts';
import { type RunningDockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import {
  type MadeImage,
  makeCosignSignature,
  makeImage,
  makeIndex,
} from '../support/make-image.ts';
import { pushImage } from '../support/push-image.ts';
import { testClient } from '../support/registry-client.ts';
import { findProgram } from '../support/run-program.ts';
import { inspectRaw } from '../support/skopeo.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const signal = AbortSignal.timeout(120_000);
const hasRegistry = findProgram('docker-registry') !== undefined;
const hasSkopeo = findProgram('skopeo') !== undefined;
const arm64 = { os: 'linux', architecture: 'arm64' };

describe.skipIf(!hasRegistry)('the copy engine between two docker-registries 2.8', () => {
  let from: RunningDockerRegistry;
  let to: RunningDockerRegistry;
  let client: RegistryClient;
  let index: MadeImage;
  let single: MadeImage;
  let signature: ReturnType<typeof makeCosignSignature>;

  beforeAll(async () => {
    [from, to] = await Promise.all([startDockerRegistry(), startDockerRegistry()]);
    client = testClient();
    const shared = await makeImage({ seed: 'shared', layers: 3 });
    index = makeIndex([shared, await makeImage({ seed: 'arm', platform: arm64 })]);
    single = await makeImage({ seed: 'single', mediaTypes: 'docker', layers: 2 });
    signature = makeCosignSignature(index.top.digest);
    for (const repository of ['team/one', 'team/two', 'team/three']) {
      await pushImage(from.endpoint, repository, index, '1.0');
    }
    await pushImage(from.endpoint, 'team/one', signature.image, signature.tag);
    await pushImage(from.endpoint, 'team/single', single, 'latest');
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await from[Symbol.asyncDispose]();
    await to[Symbol.asyncDispose]();
  });

  function target(repository: string): ImageTarget {
    return client.target({ host: to.host, repository });
  }

  function passImage(repository: string, image: MadeImage, tag: string): PassImage {
    const reference = { registry: from.host, repository, path: repository };
    return {
      id: repository,
      source: client.source({ kind: 'registry', ...reference, digest: image.top.digest }),
      target: target(`mirror/${repository}`),
      digest: image.top.digest,
      tag,
      rank: 0,
    };
  }

  function cache(): ManifestCache {
    return createManifestCache({ limitBytes: 1_000_000 });
  }

  function images(): PassImage[] {
    return [
      ...['team/one', 'team/two', 'team/three'].map((name) => passImage(name, index, '1.0')),
      passImage('team/single', single, 'latest'),
    ];
  }

  it('moves every blob once and mounts it in the other repositories', async () => {
    const results = await runPass(images(), { manifests: cache() }, signal);

    expect([...results.values()].map(({ status }) => status)).toEqual(Array(4).fill('copied'));
    const blobs = index.blobs.size + single.blobs.size + signature.image.blobs.size;
    const requests = await to.requests();
    const finished = requests.filter(
      ({ method, path, status }) => method === 'PUT' && path.includes('/blobs/') && status === 201,
    );
    expect(finished).toHaveLength(blobs);
    const fetched = (await from.requests()).filter(
      ({ method, path }) => method === 'GET' && path.includes('/blobs/'),
    );
    expect(fetched).toHaveLength(blobs);
  });

  it('finds everything in place afterwards, and sends nothing a second time', async () => {
    const manifests = cache();
    const presences = await verifyImages(images(), { manifests }, signal);
    expect([...presences.values()]).toEqual(Array(4).fill({ kind: 'present' }));

    const results = await runPass(images(), { manifests }, signal);
    const counts = [...results.values()].map((one) => 'result' in one && one.result.blobsSent);
    expect(counts).toEqual([0, 0, 0, 0]);
  });

  it.skipIf(!hasSkopeo)('keeps the bytes of manifests, signatures included', async () => {
    const place = `docker://${to.host}/mirror/team/one`;
    expect(await inspectRaw(`${place}:1.0`)).toEqual(Buffer.from(index.top.bytes));
    expect(await inspectRaw(`${place}:${signature.tag}`)).toEqual(
      Buffer.from(signature.image.top.bytes),
    );
  });

  it('copies by way of a store on disk', async () => {
    await using folder = await temporaryFolder();
    const store = await openStore(folder.path);
    const intoStore = passImage('team/one', index, '1.0');
    await runPass(
      [{ ...intoStore, target: store.target('team/one') }],
      { manifests: cache() },
      signal,
    );
    const results = await runPass(
      [{ ...intoStore, source: store.source('team/one'), target: target('carried/one') }],
      { manifests: cache() },
      signal,
    );

    expect(results.get('team/one')).toMatchObject({ status: 'copied', result: { warnings: [] } });
    const carried = { ...intoStore, target: target('carried/one') };
    const presences = await verifyImages([carried], { manifests: cache() }, signal);
    expect(presences.get('team/one')).toEqual({ kind: 'present' });
    const sign = await target('carried/one').findManifest(
      { kind: 'tag', tag: signature.tag },
      signal,
    );
    expect(sign).toBe(signature.image.top.digest);
  });

  it('deletes an image with its signature, and holds one that another tag names', async () => {
    await pushImage(to.endpoint, 'mirror/team/single', single, 'mine');
    const places = [
      { repository: 'mirror/team/one', tag: '1.0', digest: index.top.digest },
      { repository: 'mirror/team/single', tag: 'latest', digest: single.top.digest },
      { repository: 'mirror/team/none', tag: 'latest', digest: single.top.digest },
    ];

    const outcomes = await deleteImages(places, target, { manifests: cache() }, signal);

    expect([...outcomes.values()]).toMatchObject([
      { kind: 'deleted' },
      { kind: 'held', reason: expect.stringContaining('tag mine names it too') as string },
      { kind: 'gone' },
    ]);
    expect(await target('mirror/team/one').listTags(signal)).toEqual([]);
    const presences = await lookPresent(images(), { manifests: cache() }, signal);
    expect([...presences.values()].map(({ kind }) => kind)).toEqual([
      'absent',
      'present',
      'present',
      'present',
    ]);
  });
});
