import { writeFile } from 'node:fs/promises';
import type { ServerOptions } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CertificateAuthority,
  makeCertificateAuthority,
} from '../../test/support/certificates.ts';
import { startConnectProxy } from '../../test/support/connect-proxy.ts';
import { startLoopbackServer } from '../../test/support/loopback-server.ts';
import { hasProgram } from '../../test/support/run-program.ts';
import { type TemporaryFolder, temporaryFolder } from '../../test/support/temporary-folder.ts';
import { silentLog } from '../base/log.ts';
import { openWebClient } from './open-web-client.ts';
import type { WebAnswer } from './web-client.ts';

const { signal } = new AbortController();

let folder: TemporaryFolder;
let authority: CertificateAuthority;
let certificate: ServerOptions;

beforeAll(async () => {
  folder = await temporaryFolder();
  if (!hasProgram('openssl')) return;
  authority = await makeCertificateAuthority(folder.path);
  const issued = await authority.issueServer({ names: ['graph.test', '127.0.0.1'] });
  certificate = { cert: issued.certificate, key: issued.key };
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

async function read(url: string, environment: Record<string, string>): Promise<string> {
  const settings = { environment, log: silentLog, retry: { times: 0, delayMs: 1 } };
  await using client = openWebClient(settings);
  const answer = await client.get(new URL(url), { limitBytes: 100 }, signal);
  return answer.kind === 'found' ? Buffer.from(answer.body).toString() : answer.kind;
}

describe.skipIf(!hasProgram('openssl'))('documents over TLS (needs openssl)', () => {
  it('are read where the authority is trusted, and nowhere else', async () => {
    await using server = await startLoopbackServer((_request, response) => {
      response.end('secure');
    }, certificate);

    await using elsewhere = await temporaryFolder();
    const other = await makeCertificateAuthority(elsewhere.path);

    const trusted = await read(server.origin, { SSL_CERT_FILE: authority.caFile });
    const stranger = read(server.origin, { SSL_CERT_FILE: other.caFile });

    expect(trusted).toBe('secure');
    await expect(stranger).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      remedy: 'wait-for-change',
      hint: "Add the certificate (PEM) to the system's trust, or name a file with it in SSL_CERT_FILE.",
    });
  });

  it('are refused where the certificate is for another name', async () => {
    await using server = await startLoopbackServer((_request, response) => {
      response.end('secure');
    }, certificate);

    const reading = read(`https://localhost:${server.port}/graph`, {
      SSL_CERT_FILE: authority.caFile,
    });

    await expect(reading).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      message: `downloading https://localhost:${server.port}/graph: localhost:${server.port}: the certificate is for another name (DNS:graph.test, IP Address:127.0.0.1)`,
    });
  });

  it('are refused below TLS 1.2', async () => {
    const old: ServerOptions = {
      ...certificate,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    };
    await using server = await startLoopbackServer((_request, response) => {
      response.end('insecure');
    }, old);

    const reading = read(server.origin, { SSL_CERT_FILE: authority.caFile });

    await expect(reading).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
  });

  it('are not followed to plain http', async () => {
    await using plain = await startLoopbackServer((_request, response) => {
      response.end('plain');
    });
    await using server = await startLoopbackServer((_request, response) => {
      response.writeHead(302, { location: plain.origin }).end();
    }, certificate);

    const reading = read(server.origin, { SSL_CERT_FILE: authority.caFile });

    await expect(reading).rejects.toThrow(/redirects from https to plain http/);
    expect(plain.seen).toEqual([]);
  });

  it('go through the proxy of the environment', async () => {
    await using server = await startLoopbackServer((_request, response) => {
      response.end('secure');
    }, certificate);
    await using proxy = await startConnectProxy(() => server.port);
    const environment = {
      SSL_CERT_FILE: authority.caFile,
      HTTPS_PROXY: `http://me:secret@${proxy.host}`,
      HTTP_PROXY: `http://${proxy.host}`,
    };

    const secure = await read('https://graph.test/graph', environment);
    const plain = await read('http://graph.test/graph', environment);

    expect([secure, plain]).toEqual(['secure', 'forwarded']);
    expect(proxy.seen).toEqual([
      { line: 'CONNECT graph.test:443', authorization: `Basic ${btoa('me:secret')}` },
      { line: 'GET http://graph.test/graph', authorization: undefined },
    ]);
  });
});

it('reads the authorities again where they could not be read', async () => {
  await using place = await temporaryFolder();
  await using server = await startLoopbackServer((_request, response) => {
    response.end('plain');
  });
  const file = join(place.path, 'ca.pem');
  await using client = openWebClient({ environment: { SSL_CERT_FILE: file }, log: silentLog });
  const get = (): Promise<WebAnswer> =>
    client.get(new URL(server.origin), { limitBytes: 9 }, signal);

  await expect(get()).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
  await writeFile(file, '');

  expect(await get()).toMatchObject({ kind: 'found' });
});

it('names SSL_CERT_FILE where it cannot be read', async () => {
  const reading = read('https://127.0.0.1:9/', { SSL_CERT_FILE: '/nowhere/ca.pem' });

  await expect(reading).rejects.toThrow(/SSL_CERT_FILE names \/nowhere\/ca.pem/);
});
