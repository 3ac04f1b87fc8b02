import { copyFile, mkdir, readdir, readlink } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Log } from '../../src/base/log.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { openStore } from '../../src/store/open-store.ts';
import { makeCertificateAuthority } from '../support/certificates.ts';
import { startDockerRegistry } from '../support/docker-registry.ts';
import { startEmbeddedRegistry, startRegistryProcess } from '../support/embedded-registry.ts';
import {
  type MadeImage,
  makeCosignSignature,
  makeImage,
  makeIndex,
  seededBytes,
} from '../support/make-image.ts';
import { type Endpoint, plainRequest } from '../support/plain-request.ts';
import { pushBlob, pushImage } from '../support/push-image.ts';
import { hasProgram } from '../support/run-program.ts';
import { inspectRaw, skopeoCopy } from '../support/skopeo.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startTestRegistry } from '../support/test-registry.ts';

const NEVER = new AbortController().signal;

async function makeMultiPlatform(seed: string): Promise<MadeImage> {
  const amd64 = await makeImage({ seed: `${seed}-amd64` });
  const arm64 = await makeImage({
    seed: `${seed}-arm64`,
    platform: { os: 'linux', architecture: 'arm64' },
    compression: 'none',
  });
  return makeIndex([amd64, arm64]);
}

/** Pulls all of what a repository's tags name, children and blobs, and compares every digest. Returns the tags. */
async function pullAll(endpoint: Endpoint, repository: string): Promise<string[]> {
  const { body } = await plainRequest(endpoint, 'GET', `/v2/${repository}/tags/list`);
  const { tags } = JSON.parse(body.toString()) as { tags: string[] | null };
  const pending = (tags ?? []).map((tag) => ({ path: `manifests/${tag}`, digest: '' }));
  const seen = new Set<string>();
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next.path)) continue;
    seen.add(next.path);
    const answer = await plainRequest(endpoint, 'GET', `/v2/${repository}/${next.path}`);
    expect([next.path, answer.status]).toEqual([next.path, 200]);
    const digest = digestOf(answer.body);
    if (next.digest !== '') expect(digest).toBe(next.digest);
    if (!next.path.startsWith('manifests/')) continue;
    interface Named {
      manifests?: { digest: string }[];
      layers?: { digest: string }[];
      config?: { digest: string };
    }
    const { manifests = [], layers = [], config } = JSON.parse(answer.body.toString()) as Named;
    pending.push(
      ...manifests.map((child) => ({ path: `manifests/${child.digest}`, digest: child.digest })),
    );
    const blobs = config === undefined ? layers : [...layers, config];
    pending.push(...blobs.map((blob) => ({ path: `blobs/${blob.digest}`, digest: blob.digest })));
  }
  return (tags ?? []).sort();
}

describe.skipIf(!hasProgram('skopeo') || !hasProgram('openssl'))(
  'skopeo (skipped where it or openssl is missing)',
  () => {
    it('copies an index in and out, over TLS with a password', async () => {
      await using folder = await temporaryFolder();
      const authority = await makeCertificateAuthority(folder.path);
      const server = await authority.issueServer();
      await using registry = await startEmbeddedRegistry({
        tls: { ...server, ca: authority.ca },
        users: { ann: 'secret' },
      });
      await using upstream = await startTestRegistry();
      const certificateFolder = join(folder.path, 'certs');
      await mkdir(certificateFolder);
      await copyFile(authority.caFile, join(certificateFolder, 'ca.crt'));
      const image = await makeMultiPlatform('skopeo');
      await pushImage(upstream.endpoint, 'team/app', image, 'v1');
      const ours = { certificateFolder, credentials: 'ann:secret' };
      const reference = `docker://${registry.host}/mirror/team/app:v1`;

      const pushed = await skopeoCopy(`docker://${upstream.host}/team/app:v1`, reference, {
        target: ours,
      });
      const pulled = await skopeoCopy(reference, `oci:${folder.path}/layout:v1`, { source: ours });
      const again = await skopeoCopy(
        `docker://${upstream.host}/team/app:v1`,
        `docker://${registry.host}/other:v1`,
        { target: ours },
      );
      const refused = await skopeoCopy(reference, `dir:${folder.path}/dir`, {
        source: { certificateFolder },
      });

      expect([pushed.stderr, pushed.code]).toEqual(['', 0]);
      expect([pulled.stderr, pulled.code]).toEqual(['', 0]);
      expect([again.stderr, again.code]).toEqual(['', 0]);
      expect(refused.code).not.toBe(0);
      expect((await inspectRaw(reference, ours)).equals(image.top.bytes)).toBe(true);
      const layout = await readdir(join(folder.path, 'layout/blobs/sha256'));
      expect(layout).toEqual(
        expect.arrayContaining([...image.blobs.keys()].map((digest) => digest.slice(7))),
      );
    });
  },
);

describe.skipIf(!hasProgram('docker-registry'))(
  'a stock docker-registry (skipped where it is missing)',
  () => {
    it('serves a folder that we wrote, directly and over the API', async () => {
      await using folder = await temporaryFolder();
      const store = await openStore(folder.path);
      const direct = await makeMultiPlatform('direct');
      const target = store.target('direct/app');
      for (const [digest, bytes] of direct.blobs) {
        const blob = { mediaType: 'application/octet-stream', digest, size: bytes.length };
        const upload = await target.beginBlob(blob, { from: 'direct/app' }, NEVER);
        await upload?.finish(
          (async function* () {
            yield await Promise.resolve(bytes);
          })(),
          NEVER,
        );
      }
      for (const manifest of direct.manifests) {
        const reference =
          manifest === direct.top
            ? ({ kind: 'tag', tag: 'v1' } as const)
            : ({ kind: 'digest', digest: manifest.digest } as const);
        await target.putManifest(manifest, reference, NEVER);
      }
      await using ours = await startEmbeddedRegistry({ storageFolder: folder.path });
      const pushed = await makeMultiPlatform('pushed');
      const signature = makeCosignSignature(pushed.top.digest);
      await pushImage(ours.endpoint, 'pushed/app', pushed, 'v1');
      await pushImage(ours.endpoint, 'pushed/app', signature.image, signature.tag);
      await pushImage(ours.endpoint, 'pushed/app', makeIndex([], { absent: [pushed] }), 'removed');
      await plainRequest(ours.endpoint, 'DELETE', '/v2/pushed/app/manifests/removed');

      await using stock = await startDockerRegistry({ storageFolder: folder.path });

      expect(await pullAll(stock.endpoint, 'direct/app')).toEqual(['v1']);
      expect(await pullAll(stock.endpoint, 'pushed/app')).toEqual([signature.tag, 'v1']);
      const catalog = await plainRequest(stock.endpoint, 'GET', '/v2/_catalog');
      expect(JSON.parse(catalog.body.toString())).toEqual({
        repositories: ['direct/app', 'pushed/app'],
      });
      const deleted = await plainRequest(
        stock.endpoint,
        'DELETE',
        `/v2/direct/app/manifests/${direct.top.digest}`,
      );
      expect(deleted.status).toBe(202);
      expect(await store.target('direct/app').listTags(NEVER)).toEqual([]);
    });

    it('writes a folder that we serve, even while it does', async () => {
      await using stock = await startDockerRegistry();
      const image = await makeMultiPlatform('stock');
      await pushImage(stock.endpoint, 'team/app', image, 'v1');
      await using ours = await startEmbeddedRegistry({ storageFolder: stock.storageFolder });

      expect(await pullAll(ours.endpoint, 'team/app')).toEqual(['v1']);
      await pushImage(stock.endpoint, 'team/app', await makeImage({ seed: 'later' }), 'v2');
      expect(await pullAll(ours.endpoint, 'team/app')).toEqual(['v1', 'v2']);
      await plainRequest(stock.endpoint, 'DELETE', `/v2/team/app/manifests/${image.top.digest}`);
      expect(await pullAll(ours.endpoint, 'team/app')).toEqual(['v2']);
    });
  },
);

it('leaves a tree that can be served when it is killed in the middle of pushes', async () => {
  await using folder = await temporaryFolder();
  let complete = 0;
  // Killed at different moments: after this many manifests, with four pushes under way.
  for (const after of [1, 4, 9]) {
    await using registry = await startRegistryProcess(folder.path);
    let pushed = 0;
    const pushes = Array.from({ length: 4 }, async (_, lane) => {
      for (let index = 0; index < 20; index += 1) {
        const image = await makeImage({
          seed: `${after}-${lane}-${index}`,
          layers: [{ fillerBytes: 200_000 }, {}],
        });
        await pushImage(registry.endpoint, 'app', image, `v${after}-${lane}-${index}`);
        pushed += 1;
        if (pushed === after) await registry.kill();
      }
    });
    await Promise.allSettled(pushes);
    complete += pushed;
  }

  // A stock registry where there is one: it forgives less than we do.
  await using registry = await startTestRegistry({ storageFolder: folder.path });
  const tags = await pullAll(registry.endpoint, 'app');
  expect(complete).toBeGreaterThanOrEqual(3);
  expect(tags.length).toBeGreaterThanOrEqual(complete);
});

it('takes the same blob from many clients at once, and keeps it once', async () => {
  await using registry = await startEmbeddedRegistry();
  const content = seededBytes('same', 3_000_000);
  const digest = digestOf(content);

  await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      pushBlob(registry.endpoint, `app${index % 3}`, digest, content),
    ),
  );

  for (const repository of ['app0', 'app1', 'app2']) {
    const { body } = await plainRequest(
      registry.endpoint,
      'GET',
      `/v2/${repository}/blobs/${digest}`,
    );
    expect(digestOf(body)).toBe(digest);
  }
  expect(await readdir(join(registry.storageFolder, '.imageset/unfinished'))).toEqual([]);
});

it('logs nothing as a failure when clients go away, but frees what they held', async () => {
  const failures: string[] = [];
  const fail = (_fields: object, message: string): void => void failures.push(message);
  const log: Log = {
    error: fail,
    warn: fail,
    info: () => undefined,
    debug: () => undefined,
    child: () => log,
  };
  await using registry = await startEmbeddedRegistry({ log });
  const content = seededBytes('large', 8_000_000);
  const digest = digestOf(content);
  await pushBlob(registry.endpoint, 'app', digest, content);
  const started = await plainRequest(registry.endpoint, 'POST', '/v2/app/blobs/uploads/', {
    body: '',
  });

  for (let index = 0; index < 20; index += 1) {
    await leaveInTheMiddle(registry.endpoint, `/v2/app/blobs/${digest}`);
    const sending = fetch(new URL(started.headers.location ?? '', registry.endpoint.url), {
      method: 'PATCH',
      body: new Uint8Array(content),
      signal: AbortSignal.timeout(5),
    });
    await sending.catch(() => undefined);
  }

  expect(failures).toEqual([]);
  for (let attempt = 0; attempt < 100 && (await openFilesOf(digest)) > 0; attempt += 1)
    await sleep(20);
  expect(await openFilesOf(digest)).toBe(0);
});

it.skipIf(process.platform !== 'linux')(
  'serves 100 slow clients at once without holding what they pull (Linux only)',
  async () => {
    await using folder = await temporaryFolder();
    await using registry = await startRegistryProcess(folder.path);
    const content = seededBytes('pulled', 8 * 1024 * 1024);
    const digest = digestOf(content);
    await pushBlob(registry.endpoint, 'app', digest, content);
    const path = `/v2/app/blobs/${digest}`;
    const before = await registry.peakMemory();

    const received = await Promise.all(
      Array.from({ length: 100 }, () => pullSlowly(registry.endpoint, path)),
    );

    expect(new Set(received)).toEqual(new Set([content.length]));
    // Held whole, 100 pulls would be 800 MiB.
    expect((await registry.peakMemory()) - before).toBeLessThan(300 * 1024 * 1024);
  },
);

/** Reads a little of an answer, then ends the connection. */
async function leaveInTheMiddle({ url }: Endpoint, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const request = get(new URL(path, url), { agent: false }, (response) => {
      response.once('data', () => {
        response.once('close', () => {
          resolve();
        });
        request.destroy();
      });
      response.on('error', () => undefined);
    });
    request.once('error', reject);
  });
}

/** Pulls with a pause at the start, so that all clients hang on the server at the same time; returns the bytes. */
async function pullSlowly({ url }: Endpoint, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(new URL(path, url), { agent: false }, (response) => {
      let received = 0;
      response.pause();
      setTimeout(() => {
        response.on('data', (chunk: Buffer) => (received += chunk.length));
        response.resume();
      }, 500);
      response.once('error', reject);
      response.once('end', () => {
        resolve(received);
      });
    }).once('error', reject);
  });
}

/** How many files of this process are open on a blob; 0 where /proc does not tell. */
async function openFilesOf(digest: string): Promise<number> {
  const names = await readdir('/proc/self/fd').catch(() => []);
  const targets = await Promise.all(
    names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')),
  );
  return targets.filter((target) => target.includes(digest.slice(7))).length;
}
