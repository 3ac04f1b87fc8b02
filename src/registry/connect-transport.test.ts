import { MockAgent } from 'undici';
import { describe, expect, it } from 'vitest';
import { endSettings } from '../../test/support/end-settings.ts';
import { freePort } from '../../test/support/free-port.ts';
import {
  type Answering,
  type LoopbackServer,
  startLoopbackServer,
} from '../../test/support/loopback-server.ts';
import { ControllerError } from '../base/controller-error.ts';
import { silentLog } from '../base/log.ts';
import { createTransport } from './connect-transport.ts';
import type { RegistryRequest, RegistryResponse, RegistryTransport } from './registry-transport.ts';

const { signal } = new AbortController();
const READ: RegistryRequest = {
  method: 'GET',
  url: '/v2/team/app/tags/list',
  scopes: ['repository:team/app:pull'],
  expect: [200],
  doing: 'listing tags of team/app',
};

/** A registry without authentication: pings succeed, the rest is the test's. */
async function startRegistry(answer: Answering): Promise<LoopbackServer> {
  return await startLoopbackServer((request, response) => {
    if (request.url === '/v2/') response.end();
    else answer(request, response);
  });
}

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

function at({ host }: { readonly host: string }): Parameters<RegistryTransport['request']>[0] {
  return { host, repository: 'team/app', insecure: true };
}

async function drop(answering: Promise<RegistryResponse>): Promise<void> {
  await (await answering)[Symbol.asyncDispose]();
}

async function failureOf(promise: Promise<unknown>): Promise<ControllerError> {
  const error: unknown = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ControllerError);
  return error as ControllerError;
}

describe('requests', () => {
  it('reads an answer with its headers, and pings the host once', async () => {
    await using registry = await startRegistry((request, response) => {
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
    await using registry = await startRegistry((_, response) => response.writeHead(201).end());
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
    await using registry = await startRegistry((_, response) => response.end());
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
    await using registry = await startRegistry((_, response) => {
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
    await using registry = await startRegistry((request, response) => {
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
    await using registry = await startRegistry((_, response) => {
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
    await using registry = await startRegistry((_, response) => {
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
    await using registry = await startRegistry((request, response) =>
      response.end(request.method === 'HEAD' ? undefined : 'body'),
    );
    await using end = transport({ requestsPerHost: 1 });

    for (const method of ['HEAD', 'GET', 'HEAD', 'GET', 'GET'] as const) {
      await drop(end.request(at(registry), { ...READ, method }, signal));
    }

    expect(registry.seen).toHaveLength(6);
  });

  it('takes the slot back from requests that failed', async () => {
    await using registry = await startRegistry(({ url }, response) => {
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
    await using registry = await startRegistry((_, response) => response.end('body'));
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
    await using registry = await startRegistry((_, response) => response.end());
    await using end = transport();

    await drop(end.request(at(registry), { ...READ, url: '//elsewhere.example.com/v2/' }, signal));

    expect(registry.seen.at(-1)?.url).toBe('//elsewhere.example.com/v2/');
  });
});

describe('failures', () => {
  it.each([
    { status: 400, code: 'REGISTRY_REFUSED', attempts: 1 },
    { status: 403, code: 'REGISTRY_DENIED', attempts: 1 },
    { status: 404, code: 'REGISTRY_NOT_FOUND', attempts: 1 },
    { status: 405, code: 'REGISTRY_REFUSED', attempts: 1 },
    { status: 408, code: 'REGISTRY_REFUSED', attempts: 3 },
    { status: 425, code: 'REGISTRY_REFUSED', attempts: 3 },
    { status: 429, code: 'REGISTRY_RATE_LIMITED', attempts: 3 },
    { status: 500, code: 'REGISTRY_BROKEN', attempts: 3 },
    { status: 503, code: 'REGISTRY_BROKEN', attempts: 3 },
    { status: 304, code: 'REGISTRY_BROKEN', attempts: 1 },
  ])(
    'makes $attempts attempts for $status and ends with $code',
    async ({ status, code, attempts }) => {
      await using registry = await startRegistry((_, response) => response.writeHead(status).end());
      await using end = transport({ retry: { times: 2, delayMs: 1 } });

      const failure = await failureOf(end.request(at(registry), READ, signal));

      expect(failure).toMatchObject({ code });
      expect(failure.message).toBe(`listing tags of team/app: ${registry.host} answered ${status}`);
      expect(registry.seen).toHaveLength(1 + attempts);
    },
  );

  it('repeats bytes, but no stream', async () => {
    await using registry = await startRegistry((_, response) => response.writeHead(503).end());
    await using end = transport({ retry: { times: 1, delayMs: 1 } });
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.from('x'));
    }

    await failureOf(
      end.request(at(registry), { ...READ, method: 'PUT', body: Buffer.from('x') }, signal),
    );
    expect(registry.seen).toHaveLength(3);
    await failureOf(end.request(at(registry), { ...READ, method: 'PUT', body: chunks() }, signal));

    expect(registry.seen).toHaveLength(4);
  });

  it('repeats the ping that a stream waits for', async () => {
    let pings = 0;
    await using registry = await startLoopbackServer((request, response) => {
      if (request.url === '/v2/') pings += 1;
      response.writeHead(request.url === '/v2/' && pings === 1 ? 503 : 200).end();
    });
    await using end = transport({ retry: { times: 1, delayMs: 1 } });
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.from('x'));
    }

    await using response = await end.request(
      at(registry),
      { ...READ, method: 'PUT', body: chunks() },
      signal,
    );

    expect(response.status).toBe(200);
  });

  it('waits as long as a busy host asks', async () => {
    let answers = 0;
    await using registry = await startRegistry((_, response) => {
      answers += 1;
      response.writeHead(answers === 1 ? 429 : 200, { 'retry-after': '7' }).end();
    });
    await using end = transport({ retry: { times: 1, delayMs: 1 } });

    await using response = await end.request(at(registry), READ, signal);

    expect(response.status).toBe(200);
    expect(end.pauses).toEqual([7000]);
  });

  it("repeats the registry's words, shortened, on one line and without queries", async () => {
    const message = `see https://s3.example.com/x?X-Amz-Signature=abc\n${'long '.repeat(1000)}`;
    await using registry = await startRegistry((_, response) =>
      response
        .writeHead(400)
        .end(JSON.stringify({ errors: [{ code: 'MANIFEST_INVALID', message }] })),
    );
    await using end = transport();

    const failure = await failureOf(end.request(at(registry), READ, signal));

    expect(failure.message).toContain(
      'answered 400: manifest invalid: see https://s3.example.com/x long',
    );
    expect(failure.message).not.toMatch(/Signature|\n/);
    expect(failure.message.length).toBeLessThan(1200);
  });

  it.each(['<html>gateway</html>', '', '{"errors": 7}', '{'])(
    'says only the status for a body like %s',
    async (body) => {
      await using registry = await startRegistry((_, response) =>
        response.writeHead(400).end(body),
      );
      await using end = transport();

      const failure = await failureOf(end.request(at(registry), READ, signal));

      expect(failure.message).toBe(`listing tags of team/app: ${registry.host} answered 400`);
    },
  );

  it('says that a connection was refused, and tries again', async () => {
    await using end = transport({ retry: { times: 2, delayMs: 1 } });
    const host = `127.0.0.1:${await freePort()}`;

    const failure = await failureOf(
      end.request({ ...at({ host }), insecure: false }, READ, signal),
    );

    expect(failure).toMatchObject({ code: 'REGISTRY_UNREACHABLE', remedy: 'retry-later' });
    expect(failure.message).toBe(`listing tags of team/app: ${host}: connection refused`);
    expect(end.pauses).toEqual([1, 1]);
  });

  it('says that a host does not exist, and does not try again', async () => {
    await using end = transport({ retry: { times: 2, delayMs: 1 } });

    const failure = await failureOf(end.request(at({ host: 'registry.invalid' }), READ, signal));

    expect(failure).toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    expect(failure.message).toMatch(
      /registry\.invalid: (?:no such host|the name could not be resolved)/,
    );
  });

  it('refuses a host that is none', async () => {
    await using end = transport();

    for (const host of ['user@host', 'host/path', 'host?query', '']) {
      expect(await failureOf(end.request(at({ host }), READ, signal))).toMatchObject({
        code: 'REFERENCE_INVALID',
      });
    }
  });

  it('says that a host is no registry', async () => {
    await using server = await startLoopbackServer((_, response) => response.writeHead(404).end());
    await using end = transport();

    const failure = await failureOf(end.request(at(server), READ, signal));

    expect(failure).toMatchObject({ code: 'REGISTRY_BROKEN' });
    expect(failure.message).toContain(`pinging container registry ${server.host}`);
  });

  it('speaks plain HTTP only where it may', async () => {
    await using registry = await startRegistry((_, response) => response.end());
    const refused = [
      [{}, false],
      [{}, undefined],
      [{ tlsVerify: true }, true],
    ] as const;

    for (const [settings, insecure] of refused) {
      await using end = transport(settings);
      const failure = await failureOf(end.request({ ...at(registry), insecure }, READ, signal));
      expect(failure).toMatchObject({ code: 'REGISTRY_TLS' });
    }
    await using end = transport({ tlsVerify: false });
    await using response = await end.request({ ...at(registry), insecure: false }, READ, signal);

    expect(response.status).toBe(200);
  });

  it('stops waiting for the next attempt when it is aborted', async () => {
    await using registry = await startRegistry((_, response) => response.writeHead(503).end());
    const controller = new AbortController();
    const sleep = (_: number, signal: AbortSignal): Promise<void> => {
      controller.abort(new Error('stop'));
      return Promise.reject(signal.reason as Error);
    };
    await using end = createTransport(endSettings({ retry: { times: 3, delayMs: 1 } }), silentLog, {
      sleep,
    });

    await expect(end.request(at(registry), READ, controller.signal)).rejects.toThrow('stop');
  });
});

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])(
    'follows a %s of GET and HEAD with the headers of the request',
    async (status) => {
      await using store = await startLoopbackServer((_, response) => response.end('blob'));
      await using registry = await startRegistry((_, response) =>
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
    await using registry = await startRegistry((request, response) => {
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
      await using registry = await startRegistry((_, response) =>
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
    await using registry = await startRegistry((_, response) =>
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
    await using registry = await startRegistry((_, response) =>
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
