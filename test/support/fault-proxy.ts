import {
  Agent,
  createServer,
  type IncomingMessage,
  request as requestHttp,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { PassThrough, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, type FaultPlan, noFaults } from './fault-plan.ts';

/** A request as the proxy saw it. */
export interface FaultyExchange {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly fault: Fault['kind'] | undefined;
}

/** Stands before a registry and does to its traffic what a plan says. */
export interface FaultProxy extends AsyncDisposable {
  /** `127.0.0.1:PORT`: what clients take for the registry. */
  readonly host: string;
  /** Where the registry is; tests may move it. */
  upstream: string;
  plan: FaultPlan;
  /** Every request so far, in the order in which they came. */
  readonly seen: FaultyExchange[];
  /** Ends every connection and refuses new ones, until `open`. */
  close(): Promise<void>;
  open(): Promise<void>;
}

/**
 * Starts a proxy on a free port of 127.0.0.1, with TLS where options for it are given.
 *
 * @param upstream `127.0.0.1:PORT` of a registry that speaks plain HTTP.
 */
export async function startFaultProxy(
  upstream: string,
  plan: FaultPlan = noFaults,
  tls?: ServerOptions,
): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  const sockets = new Set<Socket>();
  const seen: FaultyExchange[] = [];
  const closing = new AbortController();
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    // A client that has gone, or a registry that has: either way the connection ends.
    exchange(incoming, outgoing).catch(() => incoming.socket.destroy());
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);

  async function exchange(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = incoming;
    const fault = proxy.plan({ method, path, headers });
    seen.push({ method, path, fault: fault?.kind });
    if (fault?.kind === 'drop') {
      incoming.socket.destroy();
      return;
    }
    if (fault?.kind === 'answer') {
      await ended(incoming);
      outgoing.writeHead(fault.status, { ...fault.headers }).end(fault.body);
      return;
    }
    if (fault?.kind === 'delay') await sleep(fault.ms, undefined, { signal: closing.signal });
    const answer = await forward(incoming, fault);
    if (fault?.kind === 'drop-answer') {
      await ended(answer);
      fault.then?.();
      incoming.socket.destroy();
      return;
    }
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    outgoing.flushHeaders();
    await pipeline(answer, damage(fault, incoming.socket), outgoing);
  }

  async function forward(
    incoming: IncomingMessage,
    fault: Fault | undefined,
  ): Promise<IncomingMessage> {
    const { method, url = '', headers } = incoming;
    const [hostname, port] = proxy.upstream.split(':');
    const path = fault?.kind === 'ask' ? fault.path : url;
    // The registry builds its links from the name that the client used.
    const sent = { ...headers, ...(tls === undefined ? {} : { 'x-forwarded-proto': 'https' }) };
    const body = fault?.kind === 'rewrite' ? fault.change(await bytesOf(incoming)) : undefined;
    if (body !== undefined) sent['content-length'] = String(body.length);
    const request = requestHttp({ agent, hostname, port, method, path, headers: sent });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve);
      request.once('error', reject);
    });
    if (body === undefined) pipeline(incoming, request).catch(() => request.destroy());
    else request.end(body);
    return await answered;
  }

  function listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  }
  async function close(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  await listen(0);
  const { port } = server.address() as AddressInfo;
  const proxy: FaultProxy = {
    host: `127.0.0.1:${port}`,
    upstream,
    plan,
    seen,
    close,
    open: () => listen(port),
    async [Symbol.asyncDispose]() {
      closing.abort();
      await close();
      agent.destroy();
    },
  };
  return proxy;
}

/** What a body goes through on its way to the client. */
function damage(fault: Fault | undefined, socket: Socket): Transform {
  if (fault?.kind === 'cut' || fault?.kind === 'stall') return broken(fault, socket);
  return fault?.kind === 'flip' ? flipped(fault.atByte) : new PassThrough();
}

function broken(
  { kind, afterBytes }: Extract<Fault, { kind: 'cut' | 'stall' }>,
  socket: Socket,
): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      this.push(chunk.subarray(0, Math.max(0, afterBytes - passed)));
      passed += chunk.length;
      if (passed < afterBytes) done();
      // A stalled body ends when the client gives up. The client of a cut one has to see its bytes before.
      else if (kind === 'cut') setTimeout(() => socket.destroy(), 20);
    },
  });
}

function flipped(atByte: number): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const at = atByte - passed;
      passed += chunk.length;
      const bytes = Buffer.from(chunk);
      if (at >= 0 && at < bytes.length) bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      done(undefined, bytes);
    },
  });
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(message as AsyncIterable<Buffer>));
}

async function ended(message: IncomingMessage): Promise<void> {
  await bytesOf(message);
}
