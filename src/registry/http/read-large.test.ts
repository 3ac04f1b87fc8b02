import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext, createServer as createTlsServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { makeCertificateAuthority } from '../../../test/support/certificates.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { type ByteConnections, createByteConnections } from './byte-connections.ts';
import { flowOf } from './flow-of.ts';
import type { LargeAnswer } from './large-answer.ts';
import { readLarge } from './read-large.ts';
import { returnPart } from './slabs.ts';

const MIB = 1024 * 1024;
const { signal } = new AbortController();
const PROFILE = { key: 'test', secureContext: createSecureContext(), verifies: true };

interface RawServer extends AsyncDisposable {
  readonly url: URL;
  /** Heads of the requests, and how many connections they came over. */
  readonly heads: string[];
  readonly connections: () => number;
}

/** A server of raw bytes: told of each request and its socket. */
async function startRaw(
  answer: (socket: Socket, request: number) => void,
  make: (onSocket: (socket: Socket) => void) => Server = createServer,
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const heads: string[] = [];
  const server = make((socket) => {
    sockets.add(socket);
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      heads.push(text.slice(0, end));
      text = text.slice(end + 4);
      answer(socket, heads.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const scheme = make === createServer ? 'http' : 'https';
  return {
    url: new URL(`${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/v2/blob?x=1`),
    heads,
    connections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function head(length: number | string, ...more: readonly string[]): string {
  return ['HTTP/1.1 200 OK', `Content-Length: ${length}`, ...more, '', ''].join('\r\n');
}

async function get(
  connections: ByteConnections,
  { url }: { readonly url: URL },
  until = signal,
): Promise<LargeAnswer> {
  return await readLarge(connections, PROFILE, { url, headers: { accept: '*/*' } }, until);
}

async function bytesOf({ body }: LargeAnswer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of flowOf(body)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

describe('a large answer', () => {
  it('is read whole over TLS, slabs that come back being used again, over one connection', async () => {
    await using folder = await temporaryFolder();
    const authority = await makeCertificateAuthority(folder.path);
    const { certificate: cert, key } = await authority.issueServer();
    const content = randomBytes(5 * MIB + 321);
    await using server = await startRaw(
      (socket) => {
        socket.write(head(content.length));
        socket.write(content);
      },
      (onSocket) => createTlsServer({ cert, key }, onSocket),
    );
    using connections = createByteConnections(5000);
    const secureContext = createSecureContext({ ca: authority.ca });

    for (let time = 0; time < 3; time += 1) {
      const profile = { key: 'trusting', secureContext, verifies: true };
      const request = { url: server.url, headers: { authorization: 'Bearer x' } };
      const answer = await readLarge(connections, profile, request, signal);
      const hash = createHash('sha256');
      for await (const chunk of flowOf(answer.body)) {
        hash.update(chunk);
        returnPart(chunk);
      }
      expect(hash.digest('hex')).toBe(createHash('sha256').update(content).digest('hex'));
    }

    expect(server.connections()).toBe(1);
    expect(server.heads[0]).toBe(
      `GET /v2/blob?x=1 HTTP/1.1\r\nhost: ${server.url.host}\r\nauthorization: Bearer x\r\nconnection: keep-alive`,
    );
    // The same server, and nobody who vouches for it: it is told nothing.
    await expect(get(connections, server)).rejects.toMatchObject({
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
    expect(server.heads).toHaveLength(3);
  });

  it('may come in any pieces', async () => {
    const text = `${head(10, 'Docker-Content-Digest: sha256:ab')}0123456789`;
    await using server = await startRaw((socket) => {
      void (async () => {
        socket.setNoDelay(true);
        for (const byte of text) {
          socket.write(byte);
          await sleep(1);
        }
      })();
    });
    using connections = createByteConnections(5000);

    const answer = await get(connections, server);

    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-length': '10', 'docker-content-digest': 'sha256:ab' },
    });
    expect((await bytesOf(answer)).toString()).toBe('0123456789');
  });

  it.each([
    {
      what: 'in chunks',
      text: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    },
    {
      what: 'after interim ones',
      text: `HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${head(5)}hello`,
    },
    { what: 'until the connection ends', text: 'HTTP/1.1 200 OK\r\n\r\nhello', ends: true },
    { what: 'in the older protocol', text: 'HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello' },
    { what: 'with headers twice', text: `${head(5, 'warning: a', 'warning: b')}hello` },
  ])('may come $what', async ({ text, ends = false }) => {
    await using server = await startRaw((socket) => {
      socket.write(text.slice(0, -3));
      setTimeout(() => {
        socket.write(text.slice(-3));
        if (ends) socket.end();
      }, 20);
    });
    using connections = createByteConnections(5000);

    for (let time = 0; time < 2; time += 1)
      expect((await bytesOf(await get(connections, server))).toString()).toBe('hello');
  });

  it('may say what is wrong, and the connection goes on', async () => {
    await using server = await startRaw((socket) => {
      socket.write('HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\ngone');
    });
    using connections = createByteConnections(5000);

    for (let time = 0; time < 2; time += 1) {
      const answer = await get(connections, server);
      expect(answer.status).toBe(404);
      expect((await bytesOf(answer)).toString()).toBe('gone');
    }
    expect(server.connections()).toBe(1);
  });

  it('may be empty', async () => {
    await using server = await startRaw((socket) => socket.write(head(0)));
    using connections = createByteConnections(5000);

    for (let time = 0; time < 2; time += 1)
      expect(await bytesOf(await get(connections, server))).toHaveLength(0);
    expect(server.connections()).toBe(1);
  });

  it('holds up the server while nobody reads', async () => {
    let written = 0;
    await using server = await startRaw((socket) => {
      socket.write(head(64 * MIB));
      const more = (): void => {
        while (written < 64 * MIB) {
          written += MIB;
          if (!socket.write(Buffer.alloc(MIB, written / MIB))) break;
        }
      };
      socket.on('drain', more);
      more();
    });
    using connections = createByteConnections(300);

    const answer = await get(connections, server);
    await sleep(1000);
    expect(written).toBeLessThan(32 * MIB);
    const content = await bytesOf(answer);
    expect(content).toHaveLength(64 * MIB);
    for (let index = 0; index < 64; index += 1)
      expect(content[index * MIB + MIB / 2]).toBe(index + 1);
  });
});

describe('a server that misbehaves', () => {
  it.each([
    { what: 'is no HTTP server', text: 'SSH-2.0-OpenSSH_9.2\r\n', code: 'HPE_INVALID_CONSTANT' },
    { what: 'breaks a header', text: `HTTP/1.1 200 OK\r\na b: c\r\n\r\n`, code: /^HPE_/ },
    {
      what: 'has two lengths',
      text: `${head(3, 'content-length: 4')}abcd`,
      code: 'HPE_UNEXPECTED_CONTENT_LENGTH',
    },
    {
      what: 'has a length and chunks',
      text: `${head(3, 'transfer-encoding: chunked')}1\r\na\r\n0\r\n\r\n`,
      code: /^HPE_/,
    },
    { what: 'has a length that is no number', text: `${head('abc')}abc`, code: /^HPE_/ },
    {
      what: 'never ends its head',
      text: `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(200 * 1024)}`,
      code: 'HPE_HEADER_OVERFLOW',
    },
    { what: 'ends before its head does', text: 'HTTP/1.1 200', ends: true, code: 'UND_ERR_SOCKET' },
    { what: 'says nothing', text: '', code: 'UND_ERR_HEADERS_TIMEOUT' },
    { what: 'stops in its head', text: 'HTTP/1.1 200 OK\r\n', code: 'UND_ERR_HEADERS_TIMEOUT' },
    {
      what: 'stops in an interim head',
      text: 'HTTP/1.1 103 \r\n\r\n',
      code: 'UND_ERR_HEADERS_TIMEOUT',
    },
  ])('and $what gets no answer', async ({ text, code, ends = false }) => {
    await using server = await startRaw((socket) => {
      socket.write(text);
      if (ends) socket.end();
    });
    using connections = createByteConnections(200);

    const expected = typeof code === 'string' ? code : (expect.stringMatching(code) as string);
    await expect(get(connections, server)).rejects.toMatchObject({ code: expected });
  });

  it.each([
    { what: 'ends too early', text: `${head(10)}hello`, ends: true, code: 'UND_ERR_SOCKET' },
    { what: 'stops', text: `${head(10)}hello`, code: 'UND_ERR_BODY_TIMEOUT' },
    {
      what: 'stops in its chunks',
      text: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n',
      code: 'UND_ERR_BODY_TIMEOUT',
    },
    {
      what: 'ends in its chunks',
      text: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n',
      ends: true,
      code: 'ECONNRESET',
    },
  ])('and $what fails the body', async ({ text, code, ends = false }) => {
    await using server = await startRaw((socket) => {
      socket.write(text);
      if (ends) socket.end();
    });
    using connections = createByteConnections(200);

    const read: string[] = [];
    const reading = (async () => {
      for await (const chunk of flowOf((await get(connections, server)).body))
        read.push(Buffer.from(chunk).toString());
    })();

    await expect(reading).rejects.toMatchObject({ code });
    if (code === 'UND_ERR_SOCKET') expect(read.join('')).toBe('hello');
  });

  it('and sends more than it announced has what follows left alone', async () => {
    await using server = await startRaw((socket, request) => {
      socket.write(`${head(4)}${request === 1 ? 'good' : 'next'}${head(4)}evil`);
    });
    using connections = createByteConnections(5000);

    expect((await bytesOf(await get(connections, server))).toString()).toBe('good');
    expect((await bytesOf(await get(connections, server))).toString()).toBe('next');
    // What follows may be read together with the answer, or later.
    expect(server.connections()).toBe(2);
  });

  it('and sends what nobody asked for has it left alone', async () => {
    await using server = await startRaw((socket, request) => {
      socket.write(`${head(4)}${request === 1 ? 'good' : 'next'}`);
      if (request === 1) setTimeout(() => socket.write(`${head(4)}evil`), 20);
    });
    using connections = createByteConnections(5000);

    expect((await bytesOf(await get(connections, server))).toString()).toBe('good');
    await sleep(100);
    expect((await bytesOf(await get(connections, server))).toString()).toBe('next');
    expect(server.connections()).toBe(2);
  });

  it('and ends a kept connection at the next request is asked again', async () => {
    await using server = await startRaw((socket, request) => {
      if (request === 2) socket.destroy();
      else socket.write(`${head(4)}good`);
    });
    using connections = createByteConnections(5000);

    for (let time = 0; time < 2; time += 1)
      expect((await bytesOf(await get(connections, server))).toString()).toBe('good');
    expect(server.heads).toHaveLength(3);
  });

  it('and ends every connection at the request is not asked for ever', async () => {
    await using server = await startRaw((socket) => socket.destroy());
    using connections = createByteConnections(5000);

    await expect(get(connections, server)).rejects.toThrow();
    expect(server.heads).toHaveLength(1);
  });
});

describe('a reader that gives up', () => {
  it.each(['before the answer', 'in the body', 'in the chunks'])(
    '%s ends the connection',
    async (when) => {
      const ended = Promise.withResolvers<undefined>();
      await using server = await startRaw((socket) => {
        socket.once('close', () => {
          ended.resolve(undefined);
        });
        if (when === 'in the body') socket.write(`${head(10)}hello`);
        if (when === 'in the chunks')
          socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n');
      });
      using connections = createByteConnections(60_000);
      const controller = new AbortController();
      const reason = new Error('stop');

      const reading = get(connections, server, controller.signal).then(bytesOf);
      setTimeout(() => {
        controller.abort(reason);
      }, 100);

      await expect(reading).rejects.toBe(reason);
      await ended.promise;
    },
  );

  it('and destroys the body ends the connection', async () => {
    const ended = Promise.withResolvers<undefined>();
    await using server = await startRaw((socket) => {
      socket.write(`${head(10)}hello`);
      socket.once('close', () => {
        ended.resolve(undefined);
      });
    });
    using connections = createByteConnections(60_000);

    (await get(connections, server)).body.destroy();

    await ended.promise;
  });

  it('sends no header that would begin another', async () => {
    using connections = createByteConnections(5000);
    const url = new URL('http://127.0.0.1:1/');
    const headers = { authorization: 'x\r\nhost: evil' };
    await expect(readLarge(connections, PROFILE, { url, headers }, signal)).rejects.toThrow(
      TypeError,
    );
  });
});
