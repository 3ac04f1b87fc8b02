import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endSettings } from '../../test/support/end-settings.ts';
import {
  authorizations,
  bearer,
  startGuardedRegistry,
} from '../../test/support/guarded-registry.ts';
import { type LoopbackServer, startLoopbackServer } from '../../test/support/loopback-server.ts';
import { type TemporaryFolder, temporaryFolder } from '../../test/support/temporary-folder.ts';
import { at, failureOf, READ } from '../../test/support/transport-calls.ts';
import { type Log, silentLog } from '../base/log.ts';
import { createTransport } from './connect-transport.ts';
import type { EndSettings } from './end-settings.ts';
import type { RegistryRequest, RegistryTransport } from './registry-transport.ts';

const { signal } = new AbortController();
const PASSWORD = 'p4ssw0rd-of-the-user';
const BASIC = `Basic ${Buffer.from(`me:${PASSWORD}`).toString('base64')}`;
const ME = { auth: BASIC.slice('Basic '.length) };

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  vi.useRealTimers();
  await folder[Symbol.asyncDispose]();
});

/** A transport with a credentials file for these hosts. */
async function transport(
  entries: Record<string, object>,
  settings: Partial<EndSettings> = {},
  log: Log = silentLog,
): Promise<RegistryTransport> {
  const authFile = join(folder.path, 'auth.json');
  await writeFile(authFile, JSON.stringify({ auths: entries }));
  return createTransport(endSettings({ authFile, ...settings }), log);
}

async function ask(
  end: RegistryTransport,
  server: LoopbackServer,
  request: Partial<RegistryRequest> = {},
  namedHost?: string,
): Promise<number> {
  const target = { ...at(server), ...(namedHost === undefined ? {} : { namedHost }) };
  await using response = await end.request(target, { ...READ, ...request }, signal);
  return response.status;
}

describe('Bearer', () => {
  const accepts = (value: string | undefined): boolean =>
    value?.startsWith('Bearer token-') === true;

  it('fetches a token with account, scopes and service, and uses it again', async () => {
    await using servers = await startGuardedRegistry({ challenge: bearer(), accepts });
    await using end = await transport({ [servers.registry.host]: ME });
    const scopes = ['repository:team/app:push', 'repository:team/app:pull', 'repository:base:pull'];

    await ask(end, servers.registry, { scopes });
    await ask(end, servers.registry, { scopes: [...scopes].reverse() });

    expect(servers.tokens.seen).toHaveLength(1);
    const { url = '', headers } = servers.tokens.seen[0] ?? {};
    expect([...new URL(url, servers.tokens.origin).searchParams]).toEqual([
      ['from', 'realm'],
      ['account', 'me'],
      ['scope', 'repository:base:pull'],
      ['scope', 'repository:team/app:pull,push'],
      ['service', 'registry'],
    ]);
    expect(headers?.authorization).toBe(BASIC);
    expect(authorizations(servers.registry).slice(1)).toEqual([
      [READ.url, 'Bearer token-1'],
      [READ.url, 'Bearer token-1'],
    ]);
  });

  it('fetches a token without credentials where there are none', async () => {
    await using servers = await startGuardedRegistry({ challenge: bearer(), accepts });
    await using end = await transport({});

    expect(await ask(end, servers.registry)).toBe(200);

    expect(servers.tokens.seen[0]?.headers.authorization).toBeUndefined();
    expect(servers.tokens.seen[0]?.url).not.toContain('account');
    expect(end.accessOf(servers.registry.host, 'team/app')?.credential).toBe('anonymous');
  });

  it('pings once and fetches one token for many requests at the same time', async () => {
    await using servers = await startGuardedRegistry({ challenge: bearer(), accepts });
    await using end = await transport({ [servers.registry.host]: ME }, { requestsPerHost: 2 });

    await Promise.all(Array.from({ length: 8 }, () => ask(end, servers.registry)));

    expect(servers.tokens.seen).toHaveLength(1);
    expect(servers.registry.seen).toHaveLength(9);
  });

  it('asks the token server for no more at a time than a registry', async () => {
    let inFlight = 0;
    let most = 0;
    await using servers = await startGuardedRegistry({
      challenge: bearer(),
      accepts,
      token: (_, response) => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        setTimeout(() => {
          inFlight -= 1;
          response.end('{"token":"token-1"}');
        }, 10);
      },
    });
    await using end = await transport({}, { requestsPerHost: 2 });

    await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        ask(end, servers.registry, { scopes: [`repository:r${index}:pull`] }),
      ),
    );

    expect(servers.tokens.seen).toHaveLength(6);
    expect(most).toBe(2);
  });

  it('gets by with one request at a time where the token server is the registry itself', async () => {
    await using server: LoopbackServer = await startLoopbackServer((request, response) => {
      if (request.url.startsWith('/auth')) response.end('{"access_token":"token-1"}');
      else if (accepts(request.headers.authorization)) response.end();
      else
        response
          .writeHead(401, { 'www-authenticate': `Bearer realm="${server.origin}/auth"` })
          .end();
    });
    await using end = await transport({}, { requestsPerHost: 1 });

    expect(await Promise.all([ask(end, server), ask(end, server)])).toEqual([200, 200]);
  });

  it('exchanges an identity token', async () => {
    await using servers = await startGuardedRegistry({ challenge: bearer(), accepts });
    await using end = await transport({ [servers.registry.host]: { identitytoken: 'refresh&me' } });

    expect(await ask(end, servers.registry)).toBe(200);

    const { method, headers, body } = servers.tokens.seen[0] ?? {};
    expect(method).toBe('POST');
    expect(headers).toMatchObject({ 'content-type': 'application/x-www-form-urlencoded' });
    expect(headers?.authorization).toBeUndefined();
    expect(Object.fromEntries(new URLSearchParams(body))).toMatchObject({
      grant_type: 'refresh_token',
      refresh_token: 'refresh&me',
      service: 'registry',
      scope: 'repository:team/app:pull',
    });
  });

  it("sends the user's own token as it is, but not to a mirror", async () => {
    await using servers = await startGuardedRegistry({ challenge: bearer(), accepts });
    await using end = await transport({}, { credentials: { kind: 'token', token: 'token-own' } });

    await ask(end, servers.registry);
    await ask(end, servers.registry, {}, 'quay.io');

    expect(authorizations(servers.registry).slice(1)).toEqual([
      [READ.url, 'Bearer token-own'],
      [READ.url, 'Bearer token-1'],
    ]);
  });

  it('renews a token after nine tenths of its life', async () => {
    await using servers = await startGuardedRegistry({ challenge: bearer(), accepts });
    await using end = await transport({});
    vi.useFakeTimers({ toFake: ['Date'] });
    const start = Date.now();

    for (const seconds of [0, 269, 271]) {
      vi.setSystemTime(start + seconds * 1000);
      await ask(end, servers.registry);
    }

    expect(authorizations(servers.registry).slice(1)).toEqual([
      [READ.url, 'Bearer token-1'],
      [READ.url, 'Bearer token-1'],
      [READ.url, 'Bearer token-2'],
    ]);
  });

  it('fetches a new token for one that the registry no longer takes', async () => {
    let refused = '';
    await using servers = await startGuardedRegistry({
      challenge: bearer(),
      accepts: (value) => accepts(value) && value !== refused,
    });
    await using end = await transport({ [servers.registry.host]: ME });
    await ask(end, servers.registry);

    refused = 'Bearer token-1';

    expect(await ask(end, servers.registry, { method: 'PUT', body: Buffer.from('bytes') })).toBe(
      200,
    );
    expect(servers.registry.seen.at(-1)).toMatchObject({
      body: 'bytes',
      headers: { authorization: 'Bearer token-2' },
    });
  });

  it('cannot send a stream again, but says that it may work later', async () => {
    let refused = '';
    await using servers = await startGuardedRegistry({
      challenge: bearer(),
      accepts: (value) => accepts(value) && value !== refused,
    });
    await using end = await transport({});
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.from('x'));
    }
    await ask(end, servers.registry);

    refused = 'Bearer token-1';
    const failure = await failureOf(
      ask(end, servers.registry, { method: 'PATCH', body: chunks() }),
    );

    expect(failure).toMatchObject({ code: 'REGISTRY_UNAUTHORIZED', remedy: 'retry-later' });
    expect(await ask(end, servers.registry, { method: 'PATCH', body: chunks() })).toBe(200);
  });

  it('fetches a token for the scope that the registry asks for, once', async () => {
    await using servers = await startGuardedRegistry({
      challenge: bearer(
        ',error="insufficient_scope",scope="repository:team/app:pull repository:team/app:push"',
      ),
      accepts: (value) => value === 'Bearer token-2',
    });
    await using end = await transport({});

    expect(await ask(end, servers.registry)).toBe(200);

    expect(
      new URL(servers.tokens.seen[1]?.url ?? '', servers.tokens.origin).searchParams.getAll(
        'scope',
      ),
    ).toEqual(['repository:team/app:pull,push']);
  });

  it('does not ask again for what a new token was refused for', async () => {
    await using servers = await startGuardedRegistry({
      challenge: bearer(',error="insufficient_scope",scope="repository:team/app:pull"'),
      accepts: () => false,
    });
    await using end = await transport({ [servers.registry.host]: ME });

    const failure = await failureOf(ask(end, servers.registry));

    expect(failure).toMatchObject({
      ...{ code: 'REGISTRY_UNAUTHORIZED', remedy: 'wait-for-change' },
      hint: expect.stringContaining(
        'The token does not grant what is needed here (repository:team/app:pull).',
      ) as string,
    });
    expect(servers.tokens.seen).toHaveLength(1);
    expect(servers.registry.seen).toHaveLength(2);
  });

  it('says what a token allows', async () => {
    const access = [{ type: 'repository', name: 'team/app', actions: ['*'] }];
    const jwt = `e30.${Buffer.from(JSON.stringify({ access })).toString('base64url')}.x`;
    await using servers = await startGuardedRegistry({
      challenge: bearer(),
      accepts: (value) => value === `Bearer ${jwt}`,
      token: (_, response) => response.end(JSON.stringify({ token: '', access_token: jwt })),
    });
    await using end = await transport({});

    await ask(end, servers.registry);

    expect(end.accessOf(servers.registry.host, 'team/app')?.mayDelete).toBe('yes');
  });

  it.each([
    {
      status: 401,
      body: '{"details":"incorrect username or password"}',
      code: 'REGISTRY_UNAUTHORIZED',
      says: 'incorrect username or password',
    },
    {
      status: 403,
      body: '{"errors":[{"code":"DENIED","message":"no"}]}',
      code: 'REGISTRY_DENIED',
      says: 'denied: no',
    },
    { status: 404, body: '', code: 'REGISTRY_BROKEN', says: '404' },
    { status: 429, body: '', code: 'REGISTRY_RATE_LIMITED', says: '429' },
    { status: 500, body: '', code: 'REGISTRY_BROKEN', says: '500' },
    { status: 200, body: '<html>', code: 'REGISTRY_BROKEN', says: 'token' },
    {
      status: 200,
      body: '{"token":"a\\r\\nX-Injected: b"}',
      code: 'REGISTRY_BROKEN',
      says: 'without a token',
    },
    {
      status: 200,
      body: JSON.stringify({ token: 'x'.repeat(1100_000) }),
      code: 'REGISTRY_BROKEN',
      says: 'bytes',
    },
  ])(
    'fails with $code when the token server answers $status',
    async ({ status, body, code, says }) => {
      await using servers = await startGuardedRegistry({
        challenge: bearer(),
        accepts,
        token: (_, response) => response.writeHead(status).end(body),
      });
      await using end = await transport({ [servers.registry.host]: ME });

      const failure = await failureOf(ask(end, servers.registry));

      expect(failure).toMatchObject({ code });
      expect(failure.message).toContain(says);
      expect(failure.message).toContain(servers.tokens.host);
    },
  );

  it.each(['Bearer service="x"', 'Bearer realm="ftp://x"', 'Bearer realm="/token"'])(
    'refuses the challenge %s',
    async (challenge) => {
      await using servers = await startGuardedRegistry({ challenge: () => challenge, accepts });
      await using end = await transport({});

      expect(await failureOf(ask(end, servers.registry))).toMatchObject({
        code: 'REGISTRY_BROKEN',
      });
    },
  );
});
