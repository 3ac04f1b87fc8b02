import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endSettings } from '../../test/support/end-settings.ts';
import {
  authorizations,
  bearer,
  startGuardedRegistry,
} from '../../test/support/guarded-registry.ts';
import {
  type Answering,
  type LoopbackServer,
  startLoopbackServer,
} from '../../test/support/loopback-server.ts';
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

describe('Basic', () => {
  const served = {
    challenge: () => 'Basic realm="x"',
    accepts: (value: string | undefined) => value === BASIC,
  };

  it('sends the credentials after the ping asked for them', async () => {
    await using servers = await startGuardedRegistry(served);
    await using end = await transport({ [servers.registry.host]: ME });

    expect(await ask(end, servers.registry)).toBe(200);

    expect(authorizations(servers.registry)).toEqual([
      ['/v2/', undefined],
      [READ.url, BASIC],
    ]);
    expect(end.accessOf(servers.registry.host, 'team/app')).toEqual({
      credential: `${join(folder.path, 'auth.json')}, key ${servers.registry.host}`,
      mayDelete: 'unknown',
    });
  });

  it('never sends them to a host that does not ask', async () => {
    await using registry = await startLoopbackServer((_, response) => response.end());
    await using end = await transport({ [registry.host]: ME });

    await ask(end, registry);

    expect(authorizations(registry)).toEqual([
      ['/v2/', undefined],
      [READ.url, undefined],
    ]);
  });

  it('does not even look for them there', async () => {
    await using registry = await startLoopbackServer((_, response) => response.end());
    await using end = await transport({}, { authFile: join(folder.path, 'missing.json') });

    expect(await ask(end, registry)).toBe(200);
  });

  it('omits empty ones, and says where it looked and what to do', async () => {
    await using servers = await startGuardedRegistry(served);
    await using end = await transport({ 'other.example.com': ME });

    const failure = await failureOf(ask(end, servers.registry));

    expect(failure).toMatchObject({ code: 'REGISTRY_UNAUTHORIZED', remedy: 'wait-for-change' });
    expect(failure.message).toBe(
      `listing tags of team/app: ${servers.registry.host} answered 401: unauthorized: authentication required`,
    );
    expect(failure.hint).toContain(join(folder.path, 'auth.json'));
    expect(failure.hint).toContain(`podman login ${servers.registry.host}`);
    expect(servers.registry.seen.every(({ headers }) => headers.authorization === undefined)).toBe(
      true,
    );
  });

  it('says whose credentials were refused, once', async () => {
    await using servers = await startGuardedRegistry({ ...served, accepts: () => false });
    await using end = await transport({ [servers.registry.host]: ME });

    const failure = await failureOf(ask(end, servers.registry));

    expect(failure.hint).toContain(`auth.json, key ${servers.registry.host}`);
    expect(servers.registry.seen).toHaveLength(2);
  });

  it('sees credentials that changed after they were refused', async () => {
    await using servers = await startGuardedRegistry(served);
    await using end = await transport({
      [servers.registry.host]: { auth: Buffer.from('me:old').toString('base64') },
    });
    await failureOf(ask(end, servers.registry));

    await writeFile(
      join(folder.path, 'auth.json'),
      JSON.stringify({ auths: { [servers.registry.host]: ME } }),
    );

    expect(await ask(end, servers.registry)).toBe(200);
  });

  it.each([
    ['Negotiate', 'Basic realm="x"'],
    'Negotiate, Basic realm="x"',
    'Digest realm="a, b", nonce="c", BASIC realm=x',
  ])('finds its challenge in %s', async (challenge) => {
    await using servers = await startGuardedRegistry({ ...served, challenge: () => challenge });
    await using end = await transport({ [servers.registry.host]: ME });

    expect(await ask(end, servers.registry)).toBe(200);
  });

  it('says what a host offers that nobody understands', async () => {
    await using servers = await startGuardedRegistry({ ...served, challenge: () => 'Negotiate' });
    await using end = await transport({ [servers.registry.host]: ME });

    const failure = await failureOf(ask(end, servers.registry));

    expect(failure.message).toContain('offers negotiate');
  });

  it('answers a host that lets everybody ping and asks later, also before a stream', async () => {
    await using servers = await startGuardedRegistry({
      ...served,
      accepts: (value, { url }) => url === '/v2/' || value === BASIC,
    });
    await using end = await transport({ [servers.registry.host]: ME });
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.from('x'));
    }

    expect(await ask(end, servers.registry, { method: 'POST' })).toBe(200);
    expect(await ask(end, servers.registry, { method: 'PATCH', body: chunks() })).toBe(200);

    expect(authorizations(servers.registry)).toEqual([
      ['/v2/', undefined],
      [READ.url, undefined],
      [READ.url, BASIC],
      [READ.url, BASIC],
    ]);
  });
});

describe('secrets', () => {
  it('do not follow a redirect, nor a URL that the registry names elsewhere', async () => {
    await using store = await startLoopbackServer((_, response) => response.end());
    await using servers = await startGuardedRegistry({
      challenge: bearer(),
      accepts: (value) => value?.startsWith('Bearer ') === true,
      answer: (_, response) =>
        response.writeHead(307, { location: `${store.origin}/blob?sig=1` }).end(),
    });
    await using end = await transport({ [servers.registry.host]: ME });

    await ask(end, servers.registry);
    await ask(end, servers.registry, {
      method: 'PUT',
      url: `${store.origin}/upload?_state=1`,
      body: Buffer.from('x'),
    });

    expect(authorizations(store)).toEqual([
      ['/blob?sig=1', undefined],
      ['/upload?_state=1', undefined],
    ]);
  });

  it('do not come back with a redirect that returns from elsewhere', async () => {
    await using store: LoopbackServer = await startLoopbackServer((_, response) =>
      response.writeHead(302, { location: `${servers.registry.origin}/back` }).end(),
    );
    await using servers = await startGuardedRegistry({
      challenge: () => 'Basic realm="x"',
      accepts: (value, { url }) => value === BASIC || url === '/back',
      answer: ({ url }, response) =>
        url === '/back'
          ? response.end()
          : response.writeHead(302, { location: store.origin }).end(),
    });
    await using end = await transport({ [servers.registry.host]: ME });

    await ask(end, servers.registry);

    expect(authorizations(servers.registry).at(-1)).toEqual(['/back', undefined]);
  });

  it('appear in no message, hint or log, even if servers repeat them', async () => {
    const texts: string[] = [];
    const keep = (fields: object, message: string): void => {
      texts.push(JSON.stringify(fields), message);
    };
    const log: Log = { error: keep, warn: keep, info: keep, debug: keep, child: () => log };
    const echo: Answering = ({ headers }, response) => {
      const said = `you sent ${headers.authorization ?? ''} ${Buffer.from(headers.authorization?.slice(6) ?? '', 'base64').toString()}`;
      response
        .writeHead(503, { warning: `299 - "${said.replace(/[^\x20-\x7e]/g, '')}"` })
        .end(JSON.stringify({ errors: [{ message: said }] }));
    };
    const attempts = { retry: { times: 1, delayMs: 1 } };
    const bearerToken = 't0ken-of-the-registry';
    const all = [
      {
        challenge: () => 'Basic realm="x"',
        accepts: (value?: string) => value === BASIC,
        answer: echo,
      },
      {
        challenge: bearer(),
        accepts: (value?: string) => value?.startsWith('Bearer ') === true,
        answer: echo,
        token: ((_, response) => response.end(JSON.stringify({ token: bearerToken }))) as Answering,
      },
      { challenge: bearer(), accepts: () => false, token: echo },
    ];

    for (const served of all) {
      await using servers = await startGuardedRegistry(served);
      await using end = await transport({ [servers.registry.host]: ME }, attempts, log);
      const { message, hint, stack, cause } = await failureOf(ask(end, servers.registry));
      expect(message).toContain('you sent');
      texts.push(
        message,
        hint ?? '',
        stack ?? '',
        JSON.stringify(cause ?? ''),
        JSON.stringify(end.accessOf(servers.registry.host, 'team/app') ?? ''),
      );
    }

    const secrets = [PASSWORD, ME.auth, bearerToken];
    expect(texts.length).toBeGreaterThan(20);
    expect(texts.filter((text) => secrets.some((secret) => text.includes(secret)))).toEqual([]);
  });
});
