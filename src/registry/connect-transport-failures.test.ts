import { describe, expect, it } from 'vitest';
import { endSettings } from '../../test/support/end-settings.ts';
import { freePort } from '../../test/support/free-port.ts';
import { startLoopbackServer } from '../../test/support/loopback-server.ts';
import { at, failureOf, READ, startOpenRegistry } from '../../test/support/transport-calls.ts';
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
      await using registry = await startOpenRegistry((_, response) =>
        response.writeHead(status).end(),
      );
      await using end = transport({ retry: { times: 2, delayMs: 1 } });

      const failure = await failureOf(end.request(at(registry), READ, signal));

      expect(failure).toMatchObject({ code });
      expect(failure.message).toBe(`listing tags of team/app: ${registry.host} answered ${status}`);
      expect(registry.seen).toHaveLength(1 + attempts);
    },
  );

  it('repeats bytes, but no stream', async () => {
    await using registry = await startOpenRegistry((_, response) => response.writeHead(503).end());
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
    await using registry = await startOpenRegistry((_, response) => {
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
    await using registry = await startOpenRegistry((_, response) =>
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

  it.each([
    { codes: ['DIGEST_INVALID', 'MANIFEST_BLOB_UNKNOWN'], remedy: 'retry-later' },
    { codes: ['MANIFEST_INVALID'], remedy: 'wait-for-change' },
  ])('says whether a manifest refused with $codes may be taken later', async (sample) => {
    const errors = sample.codes.map((code) => ({ code, message: 'not taken' }));
    await using registry = await startOpenRegistry((_, response) =>
      response.writeHead(400).end(JSON.stringify({ errors })),
    );
    await using end = transport({ retry: { times: 2, delayMs: 1 } });

    const failure = await failureOf(end.request(at(registry), READ, signal));

    expect(failure).toMatchObject({ code: 'REGISTRY_REFUSED', remedy: sample.remedy });
    expect(end.pauses).toEqual([]);
  });

  it.each(['<html>gateway</html>', '', '{"errors": 7}', '{'])(
    'says only the status for a body like %s',
    async (body) => {
      await using registry = await startOpenRegistry((_, response) =>
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
    await using registry = await startOpenRegistry((_, response) => response.end());
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
    await using registry = await startOpenRegistry((_, response) => response.writeHead(503).end());
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
