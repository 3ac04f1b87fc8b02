import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../test/support/free-port.ts';
import { type Answering, startLoopbackServer } from '../../test/support/loopback-server.ts';
import { silentLog } from '../base/log.ts';
import { type WebClientSettings, openWebClient } from './open-web-client.ts';
import type { WebAnswer, WebRequest } from './web-client.ts';

const { signal } = new AbortController();

function open(settings: Partial<WebClientSettings> = {}): ReturnType<typeof openWebClient> {
  return openWebClient({
    environment: {},
    log: silentLog,
    retry: { times: 2, delayMs: 1 },
    ...settings,
  });
}

/** Asks a server that answers so; what came of it, and how often it was asked. */
async function ask(
  answer: Answering,
  request: Partial<WebRequest> = {},
  settings: Partial<WebClientSettings> = {},
): Promise<{ answer: WebAnswer } | { error: unknown; times: number }> {
  await using server = await startLoopbackServer(answer);
  await using client = open(settings);
  try {
    const url = new URL(`${server.origin}/a/graph?channel=x&token=secret`);
    return { answer: await client.get(url, { limitBytes: 100, ...request }, signal) };
  } catch (error) {
    return { error, times: server.seen.length };
  }
}

function failure(code: string, message: RegExp): unknown {
  return expect.objectContaining({
    code,
    message: expect.stringMatching(message) as string,
    // Nobody asked a registry.
    hint: expect.stringMatching(/^(?!.*registr)./) as string,
  });
}

describe('openWebClient', () => {
  it('reads a document, asks for what it accepts, and hands on the validators', async () => {
    await using server = await startLoopbackServer((_request, response) => {
      response.setHeader('etag', '"one"');
      response.setHeader('last-modified', 'Sat, 21 Nov 2026 10:00:00 GMT');
      response.end('body');
    });
    await using client = open();

    const url = new URL(`${server.origin}/graph?channel=stable-4.18`);
    const answer = await client.get(url, { accept: 'application/json', limitBytes: 4 }, signal);

    const validators = { etag: '"one"', lastModified: 'Sat, 21 Nov 2026 10:00:00 GMT' };
    expect(answer).toEqual({ kind: 'found', body: Buffer.from('body'), validators });
    expect(server.seen).toMatchObject([
      {
        method: 'GET',
        url: '/graph?channel=stable-4.18',
        headers: { accept: 'application/json', 'user-agent': 'imageset-controller' },
      },
    ]);
  });

  it('says that nothing changed where the server says so', async () => {
    await using server = await startLoopbackServer(({ headers }, response) => {
      const isKnown = headers['if-none-match'] === '"one"' && headers['if-modified-since'] === 'x';
      response.writeHead(isKnown ? 304 : 200).end();
    });
    await using client = open();
    const validators = { etag: '"one"', lastModified: 'x' };

    const answer = await client.get(new URL(server.origin), { limitBytes: 1, validators }, signal);

    expect(answer).toEqual({ kind: 'unchanged' });
  });

  it('tells what is missing from what fails', async () => {
    const result = await ask((_request, response) => response.writeHead(404).end('no'));

    expect(result).toEqual({ answer: { kind: 'missing' } });
  });

  it('tries again what may pass', async () => {
    let attempts = 0;

    const result = await ask((_request, response) => {
      attempts += 1;
      if (attempts === 1) response.writeHead(503, { 'retry-after': '0' }).end();
      else if (attempts === 2) response.writeHead(200, { 'content-length': 9 }).write('bo');
      else response.end('body');
      if (attempts === 2) response.destroy();
    });

    expect(result).toMatchObject({ answer: { body: Buffer.from('body') } });
    expect(attempts).toBe(3);
  });

  it.each([
    {
      status: 500,
      body: '',
      times: 3,
      message: /^downloading http:\/\/[\d.:]+\/a\/graph: [\d.:]+ answered 500$/,
    },
    // Node has no mercy for a stream that fails while nobody listens.
    { status: 500, body: 'x'.repeat(2_000_000), times: 3, message: /answered 500$/ },
    { status: 304, body: '', times: 1, message: /answered 304/ },
    { status: 401, body: '', times: 1, message: /answered 401/ },
    {
      status: 400,
      body: '{"kind":"invalid_params","value":"channel \\u001b[31m?token=secret no"}',
      times: 1,
      message: /answered 400: invalid_params: channel {2}\[31m no$/,
    },
  ])('gives up on $status after $times requests', async ({ status, body, times, message }) => {
    const result = await ask((_request, response) => response.writeHead(status).end(body));

    expect(result).toEqual({ error: failure('DOWNLOAD_FAILED', message), times });
  });

  it('follows redirects, and not for ever', async () => {
    const good = await ask(({ url }, response) => {
      if (url === '/end') response.end('there');
      else response.writeHead(302, { location: '/end' }).end();
    });
    const loop = await ask((_request, response) =>
      response.writeHead(302, { location: '/' }).end(),
    );

    expect(good).toMatchObject({ answer: { body: Buffer.from('there') } });
    expect(loop).toEqual({
      error: failure('DOWNLOAD_FAILED', /redirects more than 10/),
      times: 11,
    });
  });

  it.each([
    { name: 'announced', answer: { 'content-length': '101' } },
    { name: 'not announced', answer: { 'transfer-encoding': 'chunked' } },
  ])('refuses a body over the limit, $name', async ({ answer }) => {
    const result = await ask((_request, response) => {
      response.writeHead(200, answer).end('x'.repeat(101));
    });

    expect(result).toEqual({ error: failure('DOWNLOAD_FAILED', /more than 100 bytes/), times: 1 });
  });

  it.each([
    { name: 'unpacked', coding: 'gzip', body: gzipSync('body'), found: 'body' },
    {
      name: 'larger than the limit',
      coding: 'gzip',
      body: gzipSync('x'.repeat(101)),
      message: /more than 100/,
    },
    { name: 'announced larger', coding: 'gzip', body: Buffer.alloc(101), message: /more than 100/ },
    { name: 'not gzip', coding: 'gzip', body: Buffer.from('body'), message: /not gzip/ },
    {
      name: 'cut off',
      coding: 'gzip',
      body: gzipSync('body').subarray(0, 20),
      message: /not gzip/,
    },
    { name: 'never asked for', coding: 'br', body: Buffer.from('body'), message: /content coding/ },
  ])('a coded body: $name', async ({ coding, body, found, message }) => {
    const result = await ask((_request, response) => {
      const headers = { 'content-encoding': coding, 'content-length': body.byteLength };
      response.writeHead(200, headers).end(body);
    });

    expect(result).toMatchObject(
      found === undefined
        ? { error: failure('DOWNLOAD_FAILED', message) }
        : { answer: { body: Buffer.from(found) } },
    );
  });

  it('does not wait for a server that stalls', async () => {
    const once = { idleTimeoutMs: 50, retry: { times: 0, delayMs: 1 } };

    const headers = await ask(() => undefined, {}, once);
    const body = await ask(
      (_request, response) => void response.writeHead(200, { 'content-length': 9 }).write('x'),
      {},
      once,
    );

    expect(headers).toEqual({ error: failure('DOWNLOAD_FAILED', /no answer in time/), times: 1 });
    expect(body).toMatchObject({ error: failure('DOWNLOAD_FAILED', /stopped in the middle/) });
  });

  it('ends after its time in all, however lively the server is', async () => {
    const result = await ask(
      (_request, response) => {
        const timer = setInterval(() => response.write('x'), 5);
        response.on('close', () => {
          clearInterval(timer);
        });
      },
      { limitBytes: 1_000_000 },
      { totalTimeoutMs: 200 },
    );

    expect(result).toMatchObject({ error: failure('DOWNLOAD_FAILED', /not done within/) });
  });

  it('ends with the reason of its signal', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    await using server = await startLoopbackServer(() => {
      controller.abort(reason);
    });
    await using client = open();

    const asking = client.get(new URL(server.origin), { limitBytes: 1 }, controller.signal);

    await expect(asking).rejects.toBe(reason);
  });

  it('asks a silent host once, until it answers', async () => {
    const port = await freePort();
    const pauses: number[] = [];
    await using client = open({
      sleep: (milliseconds) => {
        pauses.push(milliseconds);
        return Promise.resolve();
      },
    });
    const url = new URL(`http://127.0.0.1:${port}/`);

    const first = client.get(url, { limitBytes: 1 }, signal);
    await expect(first).rejects.toEqual(failure('DOWNLOAD_FAILED', /connection refused/));
    const second = client.get(url, { limitBytes: 1 }, signal);
    await expect(second).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });

    expect(pauses).toEqual([1, 1]);
  });

  it('sends user and password of a URL to its host alone, and shows neither them nor the query', async () => {
    await using elsewhere = await startLoopbackServer(({ headers }, response) => {
      response.writeHead(500).end(headers.authorization ?? '{"message":"nothing came"}');
    });
    await using server = await startLoopbackServer(({ headers }, response) => {
      const isKnown = headers.authorization === `Basic ${btoa('me:p w')}`;
      const location = isKnown ? `${elsewhere.origin}/x` : '/refused';
      response.writeHead(307, { location }).end();
    });
    await using client = open({ retry: { times: 0, delayMs: 1 } });
    const url = new URL(`http://me:p%20w@${server.host}/graph?token=secret`);

    const asking = client.get(url, { limitBytes: 1 }, signal);

    await expect(asking).rejects.toMatchObject({
      message: `downloading http://${server.host}/graph: ${elsewhere.host} answered 500`,
    });
    expect(elsewhere.seen[0]?.headers.authorization).toBeUndefined();
  });
});
