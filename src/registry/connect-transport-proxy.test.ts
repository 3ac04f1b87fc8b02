import type { ServerOptions } from 'node:https';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CertificateAuthority,
  makeCertificateAuthority,
} from '../../test/support/certificates.ts';
import { startConnectProxy } from '../../test/support/connect-proxy.ts';
import { endSettings } from '../../test/support/end-settings.ts';
import { freePort } from '../../test/support/free-port.ts';
import { startLoopbackServer } from '../../test/support/loopback-server.ts';
import { hasProgram } from '../../test/support/run-program.ts';
import { type TemporaryFolder, temporaryFolder } from '../../test/support/temporary-folder.ts';
import { failureOf } from '../../test/support/transport-calls.ts';
import { silentLog } from '../base/log.ts';
import { createTransport } from './connect-transport.ts';

const { signal } = new AbortController();
const NAMES = ['registry.test', 'auth.test', 'store.test'];

let folder: TemporaryFolder;
let authority: CertificateAuthority;
let certificate: ServerOptions;

beforeAll(async () => {
  folder = await temporaryFolder();
  if (!hasProgram('openssl')) return;
  authority = await makeCertificateAuthority(folder.path);
  const issued = await authority.issueServer({ names: [...NAMES, '127.0.0.1'] });
  certificate = { cert: issued.certificate, key: issued.key };
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

async function read(
  host: string,
  environment: Record<string, string>,
  insecure = false,
): Promise<string> {
  const settings = endSettings({
    environment: { SSL_CERT_FILE: authority.caFile, ...environment },
    retry: { times: 1, delayMs: 1 },
  });
  await using end = createTransport(settings, silentLog);
  const request = {
    method: 'GET',
    url: '/v2/a/tags/list',
    scopes: ['repository:a:pull'],
    expect: [200],
    doing: 'reading',
  } as const;
  await using response = await end.request({ host, repository: 'a', insecure }, request, signal);
  return Buffer.from(await response.bytes(100)).toString();
}

describe.skipIf(!hasProgram('openssl'))('proxies (needs openssl)', () => {
  it('carry the registry, its token server and its store, with the credentials of the URL', async () => {
    await using server = await startLoopbackServer(({ url, headers }, response) => {
      if (headers.host === 'auth.test') response.end('{"token":"t"}');
      else if (headers.host === 'store.test') response.end('blob');
      else if (headers.authorization === undefined) {
        response
          .writeHead(401, { 'www-authenticate': 'Bearer realm="https://auth.test/token"' })
          .end();
      } else
        response
          .writeHead(url === '/v2/' ? 200 : 307, { location: 'https://store.test/blob' })
          .end();
    }, certificate);
    await using proxy = await startConnectProxy(() => server.port);

    expect(await read('registry.test', { HTTPS_PROXY: `http://user:p%40ss@${proxy.host}` })).toBe(
      'blob',
    );

    const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    expect(new Set(proxy.seen.map(({ line }) => line))).toEqual(
      new Set(NAMES.map((name) => `CONNECT ${name}:443`)),
    );
    expect(new Set(proxy.seen.map((one) => one.authorization))).toEqual(new Set([authorization]));
    expect(server.seen.some(({ headers }) => 'proxy-authorization' in headers)).toBe(false);
  });

  it('get http targets in absolute form', async () => {
    await using proxy = await startConnectProxy(() => 1);

    expect(
      await read('registry.test:5000', { http_proxy: proxy.host, https_proxy: proxy.host }, true),
    ).toBe('forwarded');

    expect(proxy.seen.at(-1)?.line).toBe('GET http://registry.test:5000/v2/a/tags/list');
  });

  it('are not used for this machine, nor for what NO_PROXY lists', async () => {
    await using server = await startLoopbackServer(
      (_, response) => response.end('direct'),
      certificate,
    );
    await using proxy = await startConnectProxy(() => server.port);
    const environment = { HTTPS_PROXY: proxy.host, NO_PROXY: 'registry.test' };

    expect(await read(server.host, environment)).toBe('direct');
    expect(await failureOf(read('registry.test', environment))).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
    });

    expect(proxy.seen).toEqual([]);
  });

  it('that are not there are named, without their credentials', async () => {
    const host = `127.0.0.1:${await freePort()}`;

    const failure = await failureOf(
      read('registry.test', { HTTPS_PROXY: `http://user:hunter2@${host}` }),
    );

    expect(failure).toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    expect(failure.message).toBe(
      `reading: registry.test: proxyconnect http://${host}: connection refused`,
    );
    expect(`${failure.message}${failure.hint ?? ''}`).not.toContain('hunter2');
  });

  it('that want credentials say so', async () => {
    await using proxy = await startConnectProxy(
      () => 1,
      () => false,
    );

    const failure = await failureOf(read('registry.test', { HTTPS_PROXY: proxy.host }));

    expect(failure).toMatchObject({ code: 'REGISTRY_UNREACHABLE', remedy: 'wait-for-change' });
    expect(failure.message).toContain('407');
    expect(proxy.seen).toHaveLength(1);
  });

  it('that cannot reach the registry are asked again', async () => {
    const closed = await freePort();
    await using proxy = await startConnectProxy(() => closed);

    const failure = await failureOf(read('registry.test', { HTTPS_PROXY: proxy.host }));

    expect(failure).toMatchObject({ code: 'REGISTRY_UNREACHABLE', remedy: 'retry-later' });
    expect(proxy.seen).toHaveLength(2);
  });

  it.each(['socks5', 'socks5h'])('may speak %s', async (scheme) => {
    await using server = await startLoopbackServer(
      (_, response) => response.end('through socks'),
      certificate,
    );
    const names: string[] = [];
    const sockets = new Set<Socket>();
    const socks = createServer((client) => {
      sockets.add(client);
      client.on('error', () => undefined);
      client.once('data', () => {
        client.write(Buffer.from([5, 0]));
        client.once('data', (asked: Buffer) => {
          names.push(asked.subarray(5, 5 + (asked[4] ?? 0)).toString());
          const target = connect(server.port, '127.0.0.1', () => {
            client.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
            target.pipe(client).pipe(target);
          });
          target.on('error', () => client.destroy());
        });
      });
    });
    await new Promise<void>((resolve) => socks.listen(0, '127.0.0.1', resolve));
    const { port } = socks.address() as AddressInfo;

    const text = await read('registry.test', { HTTPS_PROXY: `${scheme}://127.0.0.1:${port}` });
    for (const socket of sockets) socket.destroy();
    socks.close();

    expect(text).toBe('through socks');
    expect(new Set(names)).toEqual(new Set(['registry.test']));
  });
});
