import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { createTransport } from '../../src/registry/connect-transport.ts';
import type { RegistryRequest, RegistryTransport } from '../../src/registry/registry-transport.ts';
import { makeCertificateAuthority } from '../support/certificates.ts';
import { startDockerRegistry } from '../support/docker-registry.ts';
import { endSettings } from '../support/end-settings.ts';
import { hasProgram } from '../support/run-program.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';
import { startTokenServer } from '../support/token-server.ts';

const { signal } = new AbortController();
const BLOB = Buffer.alloc(300_000, 'blob');
const DIGEST = `sha256:${createHash('sha256').update(BLOB).digest('hex')}`;
const REPOSITORY = 'team/app';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

async function* chunks(): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < BLOB.length; start += 65_536) {
    yield await Promise.resolve(BLOB.subarray(start, start + 65_536));
  }
}

/** Pushes a blob as a stream, reads it back and says what the registry answered. */
async function pushAndRead(end: RegistryTransport, host: string): Promise<Uint8Array> {
  const target = { host, repository: REPOSITORY, insecure: undefined };
  async function ask(
    request: Partial<RegistryRequest>,
  ): Promise<{ readonly location: string; readonly bytes: Uint8Array }> {
    const whole = {
      method: 'POST',
      url: `/v2/${REPOSITORY}/blobs/uploads/`,
      doing: 'pushing',
      expect: [202],
      scopes: [`repository:${REPOSITORY}:pull,push`],
    } as const;
    await using response = await end.request(target, { ...whole, ...request }, signal);
    return { location: response.header('location') ?? '', bytes: await response.bytes(1_000_000) };
  }

  const started = await ask({});
  const headers = { 'content-type': 'application/octet-stream' };
  const sent = await ask({ method: 'PATCH', url: started.location, headers, body: chunks() });
  await ask({ method: 'PUT', url: `${sent.location}&digest=${DIGEST}`, expect: [201] });
  const read = await ask({
    method: 'GET',
    url: `/v2/${REPOSITORY}/blobs/${DIGEST}`,
    expect: [200],
    scopes: [`repository:${REPOSITORY}:pull`],
  });
  return read.bytes;
}

describe.skipIf(!hasProgram('docker-registry') || !hasProgram('openssl'))(
  'docker-registry (needs docker-registry and openssl)',
  () => {
    it('is reached over TLS with a password', async () => {
      const authority = await makeCertificateAuthority(folder.path);
      const server = await authority.issueServer();
      const tls = {
        certificateFile: server.certificateFile,
        keyFile: server.keyFile,
        ca: authority.ca,
      };
      await using registry = await startDockerRegistry({ tls, users: { me: 'secret' } });
      const environment = { SSL_CERT_FILE: authority.caFile };
      const credentials = { kind: 'password', username: 'me', password: 'secret' } as const;
      await using end = createTransport(endSettings({ environment, credentials }), silentLog);
      await using wrong = createTransport(
        endSettings({ environment, credentials: { ...credentials, password: 'wrong' } }),
        silentLog,
      );

      expect(Buffer.compare(await pushAndRead(end, registry.host), BLOB)).toBe(0);
      await expect(pushAndRead(wrong, registry.host)).rejects.toMatchObject({
        code: 'REGISTRY_UNAUTHORIZED',
      });
    });

    it('is reached with tokens, one for each set of scopes', async () => {
      const users = {
        me: { password: 'secret', mayDo: () => ['pull', 'push', 'delete'] },
        reader: { password: 'secret', mayDo: () => ['pull'] },
      };
      await using tokenServer = await startTokenServer({ users });
      await using registry = await startDockerRegistry({ tokenServer });
      const asUser = (username: string): RegistryTransport =>
        createTransport(
          endSettings({
            tlsVerify: false,
            credentials: { kind: 'password', username, password: 'secret' },
          }),
          silentLog,
        );
      await using end = asUser('me');
      await using reader = asUser('reader');

      expect(Buffer.compare(await pushAndRead(end, registry.host), BLOB)).toBe(0);
      expect(tokenServer.requests.map(({ account, scopes }) => [account, scopes])).toEqual([
        ['me', [`repository:${REPOSITORY}:pull,push`]],
        ['me', [`repository:${REPOSITORY}:pull`]],
      ]);

      await expect(pushAndRead(reader, registry.host)).rejects.toMatchObject({
        code: 'REGISTRY_UNAUTHORIZED',
      });

      const target = { host: registry.host, repository: REPOSITORY, insecure: undefined };
      const request = {
        method: 'DELETE',
        url: `/v2/${REPOSITORY}/blobs/${DIGEST}`,
        scopes: [`repository:${REPOSITORY}:*`],
        expect: [202],
        doing: 'deleting',
      } as const;
      await (await end.request(target, request, signal))[Symbol.asyncDispose]();
      expect(end.accessOf(registry.host, REPOSITORY)).toEqual({
        credential: 'the command line',
        mayDelete: 'yes',
      });
    });
  },
);
