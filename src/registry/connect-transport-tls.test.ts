import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { ServerOptions } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CertificateAuthority,
  type CertificateFiles,
  makeCertificateAuthority,
} from '../../test/support/certificates.ts';
import { endSettings } from '../../test/support/end-settings.ts';
import { type LoopbackServer, startLoopbackServer } from '../../test/support/loopback-server.ts';
import { hasProgram, runProgramOrThrow } from '../../test/support/run-program.ts';
import { type TemporaryFolder, temporaryFolder } from '../../test/support/temporary-folder.ts';
import { failureOf } from '../../test/support/transport-calls.ts';
import { ControllerError } from '../base/controller-error.ts';
import { silentLog } from '../base/log.ts';
import { createTransport } from './connect-transport.ts';
import type { EndSettings } from './end-settings.ts';

const { signal } = new AbortController();

let folder: TemporaryFolder;
let authority: CertificateAuthority;
let valid: ServerOptions;

beforeAll(async () => {
  folder = await temporaryFolder();
  if (!hasProgram('openssl')) return;
  authority = await makeCertificateAuthority(folder.path);
  valid = optionsOf(await authority.issueServer());
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

function optionsOf({ certificate, key }: CertificateFiles): ServerOptions {
  return { cert: certificate, key };
}

async function startRegistry(options: ServerOptions, location?: string): Promise<LoopbackServer> {
  return await startLoopbackServer(({ url }, response) => {
    if (location !== undefined && url !== '/v2/') response.writeHead(307, { location });
    response.end('secure');
  }, options);
}

async function read(
  host: string,
  settings: Partial<EndSettings>,
  insecure?: boolean,
): Promise<string> {
  await using end = createTransport(endSettings(settings), silentLog);
  const request = {
    method: 'GET',
    url: '/v2/team/app/tags/list',
    scopes: [],
    expect: [200],
    doing: 'reading',
  } as const;
  await using response = await end.request(
    { host, repository: 'team/app', insecure },
    request,
    signal,
  );
  return Buffer.from(await response.bytes(100)).toString();
}

/** A certificate directory with the authority and these files. */
async function certDirectory(files: Record<string, string> = {}): Promise<string> {
  const directory = join(folder.path, `certs-${crypto.randomUUID()}`);
  await mkdir(directory);
  for (const [name, text] of Object.entries({ 'ca.crt': authority.ca, ...files }))
    await writeFile(join(directory, name), text);
  return directory;
}

describe.skipIf(!hasProgram('openssl'))('TLS (needs openssl)', () => {
  it.each(['certs.d', '--cert-dir', 'SSL_CERT_FILE', 'SSL_CERT_DIR'])(
    'trusts an authority of %s',
    async (where) => {
      await using registry = await startRegistry(valid);
      const root = join(folder.path, `root-${where.replace(/\W/g, '')}`);
      await mkdir(join(root, 'etc/containers/certs.d', registry.host), { recursive: true });
      if (where === 'certs.d')
        await writeFile(
          join(root, 'etc/containers/certs.d', registry.host, 'any.crt'),
          authority.ca,
        );
      const settings: Record<string, Partial<EndSettings>> = {
        'certs.d': { fileRoot: root },
        '--cert-dir': { certDirectory: await certDirectory() },
        SSL_CERT_FILE: { environment: { SSL_CERT_FILE: authority.caFile } },
        SSL_CERT_DIR: { environment: { SSL_CERT_DIR: `/nonexistent:${await certDirectory()}` } },
      };

      expect(await read(registry.host, settings[where] ?? {})).toBe('secure');
    },
  );

  it('says where to put an unknown authority, and does not try again', async () => {
    await using registry = await startRegistry(valid);

    const failure = await failureOf(read(registry.host, { retry: { times: 3, delayMs: 1 } }));

    expect(failure).toMatchObject({ code: 'REGISTRY_TLS', remedy: 'wait-for-change' });
    expect(failure.message).toBe(
      `reading: ${registry.host}: the certificate is signed by an unknown authority`,
    );
    expect(failure.hint).toContain(`/etc/containers/certs.d/${registry.host}/ca.crt`);
  });

  it('tells an expired certificate', async () => {
    await using registry = await startRegistry(
      optionsOf(await authority.issueServer({ expired: true })),
    );

    const failure = await failureOf(read(registry.host, { certDirectory: await certDirectory() }));

    expect(failure).toMatchObject({ code: 'REGISTRY_TLS' });
    expect(failure.message).toContain('expired');
  });

  it("tells a certificate for another name, and names the certificate's", async () => {
    await using registry = await startRegistry(
      optionsOf(await authority.issueServer({ names: ['other.example.com'] })),
    );

    const failure = await failureOf(read(registry.host, { certDirectory: await certDirectory() }));

    expect(failure).toMatchObject({ code: 'REGISTRY_TLS' });
    expect(failure.message).toContain('other.example.com');
  });

  it('tells a self-signed certificate', async () => {
    const [certificateFile, keyFile] = [
      join(folder.path, 'self.crt'),
      join(folder.path, 'self.key'),
    ];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const parameters = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      keyFile,
      '-out',
      certificateFile,
    ];
    await runProgramOrThrow('openssl', [...parameters, ...subject]);
    const [cert, key] = [await readFile(certificateFile), await readFile(keyFile)];
    await using registry = await startRegistry({ cert, key });

    const failure = await failureOf(read(registry.host, {}));

    expect(failure.message).toContain('self-signed');
    expect(failure.hint).toContain('ca.crt');
  });

  it.each([
    { settings: { tlsVerify: false }, insecure: undefined },
    { settings: { tlsVerify: undefined }, insecure: true },
  ])(
    'does not check where it need not: $settings, insecure $insecure',
    async ({ settings, insecure }) => {
      await using registry = await startRegistry(valid);

      expect(await read(registry.host, settings, insecure)).toBe('secure');
    },
  );

  it('checks where the flag says so, whatever registries.conf says', async () => {
    await using registry = await startRegistry(valid);

    expect(await failureOf(read(registry.host, { tlsVerify: true }, true))).toMatchObject({
      code: 'REGISTRY_TLS',
    });
  });

  it('shows its client certificate to the registry alone', async () => {
    const client = await authority.issueClient('me');
    const wants = { ...valid, ca: authority.ca, requestCert: true, rejectUnauthorized: true };
    await using registry = await startRegistry(wants);
    const pair = { 'client.cert': client.certificate, 'client.key': client.key };

    expect(await read(registry.host, { certDirectory: await certDirectory(pair) })).toBe('secure');
    expect(
      await failureOf(read(registry.host, { certDirectory: await certDirectory() })),
    ).toBeInstanceOf(ControllerError);
    await using redirecting = await startRegistry(valid, `${registry.origin}/blob`);
    expect(
      await failureOf(read(redirecting.host, { certDirectory: await certDirectory(pair) })),
    ).toBeInstanceOf(ControllerError);
    expect(registry.seen.map(({ url }) => url)).toEqual(['/v2/', '/v2/team/app/tags/list']);
  });

  it('refuses files that hold no certificates', async () => {
    const failure = await failureOf(
      read('127.0.0.1:1', { certDirectory: await certDirectory({ 'x.cert': 'x', 'x.key': 'x' }) }),
    );

    expect(failure).toMatchObject({ code: 'REGISTRY_TLS' });
  });

  it('refuses a server that only speaks TLS 1.1', async () => {
    await using registry = await startRegistry({
      ...valid,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });

    expect(await failureOf(read(registry.host, { tlsVerify: false }))).toBeInstanceOf(
      ControllerError,
    );
    expect(registry.seen).toEqual([]);
  });

  it('does not follow a redirect to plain HTTP, unless it is insecure', async () => {
    await using store = await startLoopbackServer((_, response) => response.end('plain'));
    await using registry = await startRegistry(valid, `${store.origin}/blob`);

    const failure = await failureOf(read(registry.host, { certDirectory: await certDirectory() }));

    expect(failure).toMatchObject({ code: 'REGISTRY_BROKEN' });
    expect(failure.message).toContain(store.host);
    expect(store.seen).toEqual([]);
    expect(await read(registry.host, { tlsVerify: false })).toBe('plain');
  });

  it('sends no credentials to a token server over plain HTTP', async () => {
    await using tokens = await startLoopbackServer((_, response) => response.end('{"token":"t"}'));
    await using registry = await startLoopbackServer(
      ({ headers }, response) =>
        headers.authorization === undefined
          ? response.writeHead(401, { 'www-authenticate': `Bearer realm="${tokens.origin}"` }).end()
          : response.end('secure'),
      valid,
    );
    const credentials = { kind: 'password', username: 'me', password: 'pw' } as const;
    const trusted = { certDirectory: await certDirectory() };

    expect(await failureOf(read(registry.host, { ...trusted, credentials }))).toMatchObject({
      code: 'REGISTRY_BROKEN',
    });
    expect(tokens.seen).toEqual([]);
    expect(await read(registry.host, { ...trusted, credentials: { kind: 'none' } })).toBe('secure');
  });

  it('goes on over https where the registry names its own URLs as http', async () => {
    await using registry = await startRegistry(valid);
    await using end = createTransport(
      endSettings({ certDirectory: await certDirectory() }),
      silentLog,
    );
    const target = { host: registry.host, repository: 'a', insecure: undefined };
    const request = { method: 'PUT', scopes: [], expect: [200], doing: 'writing' } as const;

    await using response = await end.request(
      target,
      { ...request, url: `http://${registry.host}/upload` },
      signal,
    );
    expect(response.url).toBe(`${registry.origin}/upload`);

    const elsewhere = end.request(
      target,
      { ...request, url: 'http://elsewhere.example.com/upload' },
      signal,
    );
    expect(await failureOf(elsewhere)).toMatchObject({ code: 'REGISTRY_BROKEN' });
  });
});
