import { MockAgent } from 'undici';
import { describe, expect, it } from 'vitest';
import { endSettings } from '../../test/support/end-settings.ts';
import { startLoopbackServer } from '../../test/support/loopback-server.ts';
import {
  at,
  drop,
  failureOf,
  READ,
  startOpenRegistry,
} from '../../test/support/transport-calls.ts';
import { ControllerError } from '../base/controller-error.ts';
import { silentLog } from '../base/log.ts';
import { createTransport } from './connect-transport.ts';
import type { RegistryTransport } from './registry-transport.ts';

const { signal } = new AbortController();

function transport(
  overrides: Parameters<typeof endSettings>[0] = {},
): RegistryTransport & { readonly pauses: number[] } {
  const pauses: number[] = [];
  const sleep = (milliseconds: number): Promise<void> => {
    pauses.push(milliseconds);
    return Promise.resolve();
  };
  return Object.assign(createTransport(endSettings(overrides), silentLog, { sleep }), { pauses });
}

describe('requests', () => {
  it('keeps connections after a HEAD: a handshake costs a registry more than the answer', async () => {
    const clients = new Set<unknown>();
    await using registry = await startOpenRegistry((_request, response) => {
      clients.add(response.req.socket);
      response.end();
    });
    await using end = transport();

    for (let heads = 0; heads < 20; heads += 1) {
      await drop(end.request(at(registry), { ...READ, method: 'HEAD' }, signal));
    }

    // The pool may open one more while the last answer is being read.
    expect(clients.size).toBeLessThan(5);
  });

  it('reads an answer with its headers, and pings the host once', async () => {
    await using registry = await startOpenRegistry((request, response) => {
      response.setHeader('Docker-Content-Digest', 'sha256:1');
      response.end(`${request.method} ${request.url}`);
    });
    await using end = transport();

    for (let reads = 0; reads < 2; reads += 1) {
      await using response = await end.request(at(registry), READ, signal);
      expect(response.header('docker-content-digest')).toBe('sha256:1');
      expect(response.url).toBe(`${registry.origin}/v2/team/app/tags/list`);
      expect(Buffer.from(await response.bytes(100)).toString()).toBe('GET /v2/team/app/tags/list');
    }

    expect(registry.seen.map(({ url }) => url)).toEqual(['/v2/', READ.url, READ.url]);
    expect(registry.seen[1]?.headers).toMatchObject({
      'docker-distribution-api-version': 'registry/2.0',
    });
    // The first ping was the one over https.
    expect(end.requestsByHost.get(registry.host)).toBe(4);
    expect(end.accessOf(registry.host, 'team/app')).toEqual({
      credential: 'anonymous',
      mayDelete: 'unknown',
    });
  });

  it('sends a stream, and bytes', async () => {
    await using registry = await startOpenRegistry((_, response) => response.writeHead(201).end());
    await using end = transport();
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield* [Buffer.from('one '), Buffer.alloc(0), Buffer.from('two')];
      await Promise.resolve();
    }

    for (const body of [chunks(), Buffer.from('bytes')]) {
      await drop(
        end.request(at(registry), { ...READ, method: 'PUT', expect: [201], body }, signal),
      );
    }

    expect(registry.seen.slice(1).map(({ body }) => body)).toEqual(['one two', 'bytes']);
  });

  it("passes on the failure of a body's source as it is", async () => {
    await using registry = await startOpenRegistry((_, response) => response.end());
    await using end = transport({ retry: { times: 3, delayMs: 1 } });
    const corrupt = new ControllerError('BLOB_CORRUPT', 'corrupt', { remedy: 'retry-later' });
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(100_000);
      await Promise.resolve();
      throw corrupt;
    }

    const sending = end.request(at(registry), { ...READ, method: 'PATCH', body: chunks() }, signal);

    await expect(sending).rejects.toBe(corrupt);
    expect(end.pauses).toEqual([]);
  });

  it('refuses a body that is longer than the caller takes', async () => {
    await using registry = await startOpenRegistry((_, response) => {
      response.write('x'.repeat(600));
      response.end('x'.repeat(600));
    });
    await using end = transport();
    await using response = await end.request(at(registry), READ, signal);

    const failure = await failureOf(response.bytes(1000));

    expect(failure).toMatchObject({ code: 'REGISTRY_BROKEN' });
    expect(failure.message).toMatch(/^listing tags of team\/app: .*1000 bytes$/);
  });

  it('says so when a body ends too early or stops', async () => {
    await using registry = await startOpenRegistry((request, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half');
      if (request.url.endsWith('cut')) setTimeout(() => response.destroy(), 20);
    });
    await using end = transport({ idleTimeoutMs: 300 });

    for (const url of ['/v2/cut', '/v2/silent']) {
      await using response = await end.request(at(registry), { ...READ, url }, signal);
      expect(await failureOf(response.bytes(100))).toMatchObject({
        code: 'REGISTRY_UNREACHABLE',
        remedy: 'retry-later',
      });
    }
  });

  it('stops in the middle of a body when it is aborted', async () => {
    await using registry = await startOpenRegistry((_, response) => {
      response.write('half');
    });
    await using end = transport();
    const controller = new AbortController();
    await using response = await end.request(at(registry), READ, controller.signal);

    const reading = response.bytes(100);
    const reason = new Error('stop');
    controller.abort(reason);

    await expect(reading).rejects.toBe(reason);
  });

  it('gives the host to others while a body is in flight, and takes its turn', async () => {
    let inFlight = 0;
    let most = 0;
    await using registry = await startOpenRegistry((_, response) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      setTimeout(() => {
        inFlight -= 1;
        response.end('x');
      }, 10);
    });
    await using end = transport({ requestsPerHost: 2 });

    await Promise.all(
      Array.from({ length: 10 }, async () => {
        await using response = await end.request(at(registry), READ, signal);
        await response.bytes(10);
      }),
    );

    expect(most).toBe(2);
  });

  it('takes the slot back from answers that nobody reads', async () => {
    await using registry = await startOpenRegistry((request, response) =>
      response.end(request.method === 'HEAD' ? undefined : 'body'),
    );
    await using end = transport({ requestsPerHost: 1 });

    for (const method of ['HEAD', 'GET', 'HEAD', 'GET', 'GET'] as const) {
      await drop(end.request(at(registry), { ...READ, method }, signal));
    }

    expect(registry.seen).toHaveLength(6);
  });

  it('takes the slot back from requests that failed', async () => {
    await using registry = await startOpenRegistry(({ url }, response) => {
      if (url.endsWith('cut')) response.destroy();
      else response.writeHead(url.endsWith('missing') ? 404 : 200).end();
    });
    await using end = transport({ requestsPerHost: 1 });

    for (const url of ['/v2/missing', '/v2/cut'])
      await failureOf(end.request(at(registry), { ...READ, url }, signal));
    await drop(end.request(at(registry), READ, signal));

    expect(registry.seen.at(-1)?.url).toBe(READ.url);
  });

  it('takes the slot back when a body was read to its end', async () => {
    await using registry = await startOpenRegistry((_, response) => response.end('body'));
    await using end = transport({ requestsPerHost: 1 });

    const first = await end.request(at(registry), READ, signal);
    const text = Buffer.concat(await Array.fromAsync(first.body)).toString();
    await drop(end.request(at(registry), READ, signal));

    expect(text).toBe('body');
  });

  it("asks Docker Hub's API at its own host", async () => {
    const hub = new MockAgent();
    hub.disableNetConnect();
    const pool = hub.get('https://registry-1.docker.io');
    pool.intercept({ path: '/v2/' }).reply(200);
    pool.intercept({ path: READ.url }).reply(200, 'tags');
    await using end = createTransport(endSettings(), silentLog, { dispatcher: hub });

    await using response = await end.request(
      { ...at({ host: 'docker.io' }), insecure: undefined },
      READ,
      signal,
    );

    expect(Buffer.from(await response.bytes(10)).toString()).toBe('tags');
  });

  it('takes a path for a path, whatever it looks like', async () => {
    await using registry = await startOpenRegistry((_, response) => response.end());
    await using end = transport();

    await drop(end.request(at(registry), { ...READ, url: '//elsewhere.example.com/v2/' }, signal));

    expect(registry.seen.at(-1)?.url).toBe('//elsewhere.example.com/v2/');
  });
});

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])(
    'follows a %s of GET and HEAD with the headers of the request',
    async (status) => {
      await using store = await startLoopbackServer((_, response) => response.end('blob'));
      await using registry = await startOpenRegistry((_, response) =>
        response.writeHead(status, { location: `${store.origin}/bucket?signature=abc` }).end(),
      );
      await using end = transport();

      for (const method of ['GET', 'HEAD'] as const) {
        const headers = { Range: 'bytes=5-', Authorization: 'Basic forged' };
        await using response = await end.request(
          at(registry),
          { ...READ, method, headers },
          signal,
        );
        expect(response.status).toBe(200);
      }

      expect(
        store.seen.map(({ method, url, headers }) => [
          method,
          url,
          headers.range,
          headers.authorization,
        ]),
      ).toEqual([
        ['GET', '/bucket?signature=abc', 'bytes=5-', undefined],
        ['HEAD', '/bucket?signature=abc', 'bytes=5-', undefined],
      ]);
    },
  );

  it('follows ten, but not eleven', async () => {
    await using registry = await startOpenRegistry((request, response) => {
      const left = Number(request.url.split('/').at(-1));
      if (left === 0) response.end('there');
      else response.writeHead(302, { location: String(left - 1) }).end();
    });
    await using end = transport();

    await using response = await end.request(at(registry), { ...READ, url: '/v2/10' }, signal);
    expect(response.status).toBe(200);

    expect(
      await failureOf(end.request(at(registry), { ...READ, url: '/v2/11' }, signal)),
    ).toMatchObject({ code: 'REGISTRY_BROKEN' });
  });

  it.each(['ftp://example.com/', 'file:///etc/passwd', 'http://[', undefined])(
    'does not follow one to %s',
    async (location) => {
      await using registry = await startOpenRegistry((_, response) =>
        response.writeHead(302, location === undefined ? {} : { location }).end(),
      );
      await using end = transport();

      expect(await failureOf(end.request(at(registry), READ, signal))).toMatchObject({
        code: 'REGISTRY_BROKEN',
      });
    },
  );

  it('does not follow one of a request that changes something', async () => {
    await using store = await startLoopbackServer((_, response) => response.end());
    await using registry = await startOpenRegistry((_, response) =>
      response.writeHead(307, { location: store.origin }).end(),
    );
    await using end = transport();

    expect(
      await failureOf(end.request(at(registry), { ...READ, method: 'POST' }, signal)),
    ).toMatchObject({ code: 'REGISTRY_BROKEN' });
    expect(store.seen).toEqual([]);
  });

  it('names the host that asks for credentials, and does not repeat what it says', async () => {
    await using store = await startLoopbackServer((_, response) =>
      response
        .writeHead(401, { 'www-authenticate': 'Basic realm="x"' })
        .end('{"errors":[{"message":"internal"}]}'),
    );
    await using registry = await startOpenRegistry((_, response) =>
      response.writeHead(307, { location: `${store.origin}/b?sig=1` }).end(),
    );
    await using end = transport();

    const failure = await failureOf(end.request(at(registry), READ, signal));

    expect(failure).toMatchObject({ code: 'REGISTRY_UNAUTHORIZED' });
    expect(failure.message).toBe(`listing tags of team/app: ${store.host} answered 401`);
    expect(failure.hint).toContain(store.host);
    expect(store.seen).toHaveLength(1);
  });
});
