import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeCertificateAuthority } from '../support/certificates.ts';
import { startDockerRegistry } from '../support/docker-registry.ts';
import { expectMessage } from '../support/expect-failure.ts';
import { noFaults, requests, whenever } from '../support/fault-plan.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import {
  type ImagesByRepository,
  makeImages,
  pushImages,
  startFaultyMirror,
} from '../support/faulty-mirror.ts';
import { startLoopbackServer } from '../support/loopback-server.ts';
import { listRegistry } from '../support/registry-content.ts';
import { findProgram } from '../support/run-program.ts';
import { imageSet } from '../support/site.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startTokenServer } from '../support/token-server.ts';

const hasRegistry = findProgram('docker-registry') !== undefined;
const hasOpenssl = findProgram('openssl') !== undefined;
const robot = { kind: 'password', username: 'robot', password: 's3cret' } as const;

describe.skipIf(!hasRegistry)('access to a source that goes wrong', () => {
  let images: ImagesByRepository;

  beforeAll(async () => {
    images = await makeImages(6);
  });

  it('fails an image whose blobs are at another host that wants credentials, and sends none there', async () => {
    await using elsewhere = await startLoopbackServer((_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="storage"' }).end();
    });
    await using mirror = await startFaultyMirror({
      images,
      source: { users: { robot: robot.password } },
    });
    const redirect = {
      kind: 'answer',
      status: 307,
      headers: { location: `${elsewhere.origin}/bucket/blob?signature=abc` },
    } as const;
    mirror.sourceProxy.plan = whenever(requests('GET', /app\/2\/blobs/), redirect);
    await mirror.want(images.keys());

    const report = await mirror.world.pass({ source: { credentials: robot } });

    expect(report.mirrors).toMatchObject([
      { state: 'Degraded', failures: [{ error: { code: 'REGISTRY_UNAUTHORIZED' } }] },
    ]);
    const { host } = mirror.sourceProxy;
    const named = ['app/2', elsewhere.host];
    expectMessage(report.mirrors[0]?.failures[0], { wanted: `${host}/app/2:1.0`, named });
    expect(report.mirrors[0]?.failures[0]?.error.message).not.toContain('signature');
    expect(elsewhere.seen).not.toEqual([]);
    for (const { headers } of elsewhere.seen) expect(headers.authorization).toBeUndefined();
    expect(Object.keys(await listRegistry(mirror.destination.endpoint))).toHaveLength(5);
    expect((await mirror.repeated()).sent).toEqual(new Map());
  });

  it.each([
    { end: 'source', slow: requests('GET', /\/blobs\//) },
    { end: 'destination', slow: requests('PUT', /./) },
  ] as const)(
    'goes on with new tokens where those of the $end expire in the middle of a pass',
    async ({ end, slow }) => {
      const mayDo = (): string[] => ['pull', 'push'];
      await using tokenServer = await startTokenServer({
        users: { robot: { password: robot.password, mayDo } },
        // docker-registry takes a token for a minute after its end: these are good for two seconds.
        expiresInSeconds: -58,
      });
      await using storage = await temporaryFolder();
      {
        await using filled = await startDockerRegistry({ storageFolder: storage.path });
        if (end === 'source') await pushImages(filled.endpoint, images);
      }
      await using mirror = await startFaultyMirror({
        images: end === 'source' ? new Map() : images,
        [end]: { tokenServer, storageFolder: storage.path },
        // So long for every blob makes the pass longer than a token's life.
        [`${end}Plan`]: whenever(slow, { kind: 'delay', ms: 400 }),
      });
      await mirror.want(images.keys());

      const report = await mirror.world.pass({
        [end]: { credentials: robot, requestsPerHost: 2 },
      });

      expect(report.mirrors).toMatchObject([{ state: 'Applied', failures: [] }]);
      expect(await mirror.lockedRepositories()).toHaveLength(6);
      const asked = tokenServer.requests.map(({ scopes }) => scopes.join(' '));
      expect(new Set(asked).size).toBeLessThan(asked.length);
      expect((await mirror.repeated()).sent).toEqual(new Map());
    },
  );

  it.skipIf(!hasOpenssl)(
    'fails the images of a host with a certificate of another name, and no others',
    async () => {
      await using folder = await temporaryFolder();
      const certificates = join(folder.path, 'certificates');
      await mkdir(certificates);
      const authority = await makeCertificateAuthority(folder.path);
      await copyFile(authority.caFile, join(certificates, 'ca.crt'));
      const { certificateFile, keyFile } = await authority.issueServer({
        names: ['other.example.com'],
      });
      await using upstream = await startDockerRegistry();
      await pushImages(upstream.endpoint, images);
      const tls = { cert: await readFile(certificateFile), key: await readFile(keyFile) };
      await using wrong = await startFaultProxy(upstream.host, noFaults, tls);
      await using mirror = await startFaultyMirror({ images });
      const names = [`${wrong.host}/app/1:1.0`, `${mirror.sourceProxy.host}/app/2:1.0`];
      await mirror.world.git.commit('main', { 'images.yaml': imageSet(names) });
      const plain = {
        prefix: mirror.sourceProxy.host,
        location: mirror.sourceProxy.host,
        insecure: true,
        ...{ blocked: false, mirrors: [], file: 'registries.conf' },
      };

      const report = await mirror.world.pass({
        source: { tlsVerify: undefined, certDirectory: certificates },
        registriesConf: { tables: [plain], credentialHelpers: undefined },
      });

      expect(report.mirrors).toMatchObject([
        { state: 'Degraded', failures: [{ error: { code: 'REGISTRY_TLS' } }] },
      ]);
      const named = [wrong.host, 'app/1', 'DNS:other.example.com'];
      expectMessage(report.mirrors[0]?.failures[0], { wanted: `${wrong.host}/app/1:1.0`, named });
      expect(Object.keys(await listRegistry(mirror.destination.endpoint))).toEqual([
        'site/app/2:1.0',
      ]);
      expect(report.pauses).toEqual([]);
    },
  );
});
