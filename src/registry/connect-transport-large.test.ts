import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { endSettings } from '../../test/support/end-settings.ts';
import { at, failureOf, READ, startOpenRegistry } from '../../test/support/transport-calls.ts';
import { silentLog } from '../base/log.ts';
import { createTransport } from './connect-transport.ts';
import type { RegistryRequest, RegistryTransport } from './registry-transport.ts';

const MIB = 1024 * 1024;
const { signal } = new AbortController();
const GET: RegistryRequest = { ...READ, isLarge: true };
const PATCH: RegistryRequest = { ...GET, method: 'PATCH', expect: [202] };

function transport(overrides: Parameters<typeof endSettings>[0] = {}): RegistryTransport {
  const retry = { times: 0, delayMs: 1 };
  return createTransport(endSettings({ retry, ...overrides }), silentLog);
}

/** A registry whose answers see the request's body as it comes. */
async function startStreaming(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly host: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    if (request.url === '/v2/') response.end();
    else answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function* chunksOf(count: number, pauseMs = 0): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index += 1) {
    await (pauseMs === 0 ? Promise.resolve() : sleep(pauseMs));
    yield Buffer.alloc(64 * 1024, index);
  }
}

async function lengthOf(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0;
  for await (const chunk of chunks) length += chunk.byteLength;
  return length;
}

describe('large bodies', () => {
  it('are sent and read whole, over one connection', async () => {
    const clients = new Set<unknown>();
    await using registry = await startStreaming((request, response) => {
      clients.add(request.socket);
      if (request.method === 'GET') {
        response.end(Buffer.alloc(3 * MIB));
        return;
      }
      void lengthOf(request as AsyncIterable<Uint8Array>).then((length) =>
        response.writeHead(202, { range: `0-${length - 1}` }).end(),
      );
    });
    await using end = transport();

    for (let time = 0; time < 3; time += 1) {
      const headers = { 'content-length': String(2 * MIB) };
      const body = chunksOf(32);
      const sent = await end.request(at(registry), { ...PATCH, headers, body }, signal);
      expect(sent.header('range')).toBe(`0-${2 * MIB - 1}`);
      await sent[Symbol.asyncDispose]();
      await using read = await end.request(at(registry), GET, signal);
      expect(await lengthOf(read.body)).toBe(3 * MIB);
    }

    // The ping goes another way; the next request may come before the last connection is given back.
    expect(clients.size).toBeLessThan(4);
  });

  it('may be answered before they are sent: the rest stays where it is', async () => {
    let taken = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunksOf(10_000, 1)) {
        taken += 1;
        yield chunk;
      }
    }
    await using registry = await startStreaming((_, response) => {
      response.writeHead(413).end('too large');
    });
    await using end = transport();

    const request = { ...PATCH, expect: [413], body: endless() };
    await using answer = await end.request(at(registry), request, signal);

    expect(Buffer.from(await answer.bytes(100)).toString()).toBe('too large');
    expect(taken).toBeLessThan(9000);
  });

  it('fail with the failure of their source', async () => {
    const corrupt = new Error('corrupt');
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield* chunksOf(2);
      throw corrupt;
    }
    await using registry = await startStreaming((request) => request.resume());
    await using end = transport();

    await expect(end.request(at(registry), { ...PATCH, body: broken() }, signal)).rejects.toBe(
      corrupt,
    );
  });

  it('fail where the registry takes no more of them', async () => {
    await using registry = await startStreaming((request) => request.pause());
    await using end = transport({ idleTimeoutMs: 200 });

    const sending = end.request(at(registry), { ...PATCH, body: chunksOf(1000) }, signal);

    expect(await failureOf(sending)).toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
  });

  it('fail where the answer stops, or is cut', async () => {
    await using registry = await startOpenRegistry((request, response) => {
      response.writeHead(200, { 'content-length': String(MIB) });
      response.write('half');
      if (request.url.endsWith('cut')) setTimeout(() => response.destroy(), 20);
    });
    await using end = transport({ idleTimeoutMs: 300 });

    for (const url of ['/v2/cut', '/v2/silent']) {
      await using response = await end.request(at(registry), { ...GET, url }, signal);
      expect(await failureOf(lengthOf(response.body))).toMatchObject({
        code: 'REGISTRY_UNREACHABLE',
        remedy: 'retry-later',
      });
    }
  });

  it('are waited for while we are the ones who are slow', async () => {
    await using registry = await startStreaming((request, response) => {
      if (request.method === 'GET') response.end(Buffer.alloc(8 * MIB));
      else request.resume().on('end', () => response.writeHead(202).end());
    });
    await using end = transport({ idleTimeoutMs: 100 });

    await using sent = await end.request(
      at(registry),
      { ...PATCH, body: chunksOf(3, 300) },
      signal,
    );
    expect(sent.status).toBe(202);
    await using read = await end.request(at(registry), GET, signal);
    let length = 0;
    for await (const chunk of read.body) {
      if (length === 0) await sleep(400);
      length += chunk.byteLength;
    }
    expect(length).toBe(8 * MIB);
  });

  it.each(['the answer', 'its body'])('are given up while %s is waited for', async (what) => {
    await using registry = await startStreaming((_, response) => {
      if (what !== 'the answer') response.writeHead(200).write('half');
    });
    await using end = transport({ idleTimeoutMs: 600_000 });
    const controller = new AbortController();
    const reason = new Error('stop');

    const reading = end
      .request(at(registry), GET, controller.signal)
      .then(async (response) => lengthOf(response.body));
    setTimeout(() => {
      controller.abort(reason);
    }, 100);

    await expect(reading).rejects.toBe(reason);
  });
});
