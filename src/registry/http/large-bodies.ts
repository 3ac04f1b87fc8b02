import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { Agent as HttpsAgent, request as requestTls } from 'node:https';
import { createByteConnections } from './byte-connections.ts';
import { CONNECT_TIMEOUT, KEEP_ALIVE } from './connections.ts';
import type { TlsProfile } from './host-trust.ts';
import type { LargeAnswer } from './large-answer.ts';
import { networkError } from './network-error.ts';
import { readLarge } from './read-large.ts';
import { returnPart } from './slabs.ts';

export interface LargeRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array> | undefined;
}

/**
 * Sends requests whose bodies, or whose answers', are large: bare connections and `node:https` spend less on each byte
 * than undici. Chunks of a body that were lent (`slabs.ts`) are returned once they are sent.
 */
export interface LargeBodies extends AsyncDisposable {
  /** @throws Error of the network, or what the body throws. */
  send(profile: TlsProfile, outgoing: LargeRequest, signal: AbortSignal): Promise<LargeAnswer>;
}

/** Connections kept without use. */
const FREE_CONNECTIONS = 8;
const OPTIONS = { keepAlive: true, maxFreeSockets: FREE_CONNECTIONS, timeout: KEEP_ALIVE };

/** @param idleTimeoutMs how long a peer may neither send nor take anything, while it is its turn. */
export function createLargeBodies(idleTimeoutMs: number): LargeBodies {
  const secureAgents = new Map<string, HttpsAgent>();
  const plainAgent = new HttpAgent(OPTIONS);
  const connections = createByteConnections(idleTimeoutMs);

  function secureAgent({ key, secureContext, verifies }: TlsProfile): HttpsAgent {
    let agent = secureAgents.get(key);
    if (agent === undefined) {
      const tls = { secureContext, rejectUnauthorized: verifies };
      agent = new HttpsAgent({ ...OPTIONS, ...tls });
      secureAgents.set(key, agent);
    }
    return agent;
  }

  return {
    async send(profile, { method, url, headers, body }, signal) {
      if (method === 'GET') return await readLarge(connections, profile, { url, headers }, signal);
      const options = { method, headers, timeout: idleTimeoutMs, signal };
      const sent =
        url.protocol === 'https:'
          ? requestTls(url, { ...options, agent: secureAgent(profile) })
          : request(url, { ...options, agent: plainAgent });
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      // Stays: what breaks after the answer has begun is the answer's failure.
      sent.on('error', reject);
      sent.once('response', (answer) => {
        answer.on('error', () => undefined);
        // Answered before all was sent: the rest never will be, so the connection is of no more use.
        answer.once('close', () => !sent.writableEnded && sent.destroy());
        resolve(answer);
      });
      limitConnecting(sent);
      limitIdling(sent, promise, idleTimeoutMs);
      void sendBody(sent, body, promise);
      const answer = await promise;
      return { status: answer.statusCode ?? 0, headers: answer.headers, body: answer };
    },
    [Symbol.asyncDispose]() {
      connections[Symbol.dispose]();
      plainAgent.destroy();
      for (const agent of secureAgents.values()) agent.destroy();
      secureAgents.clear();
      return Promise.resolve();
    },
  };
}

/** Writes the body as fast as the peer takes it, until it ends, fails, or an answer came. Never rejects. */
async function sendBody(
  sent: ClientRequest,
  body: LargeRequest['body'],
  answered: Promise<unknown>,
): Promise<void> {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    sent.end(body);
    return;
  }
  let hasEnded = false;
  const isOver = (): boolean => hasEnded;
  let wake: () => void = () => undefined;
  const stop = (): void => {
    hasEnded = true;
    wake();
  };
  const taken = (): void => {
    wake();
  };
  answered.then(stop, stop);
  sent.on('close', stop);
  try {
    for await (const chunk of body) {
      if (isOver()) return;
      // One by one: several that wait are copied into one by Node, and that copy costs more than the waiting.
      await new Promise<void>((resolve) => {
        wake = resolve;
        sent.write(chunk, taken);
      });
      if (isOver()) return;
      returnPart(chunk);
    }
    sent.end();
  } catch (error) {
    sent.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

function limitConnecting(sent: ClientRequest): void {
  sent.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => {
      sent.destroy(networkError('ETIMEDOUT', 'the connection was not made in time'));
    }, CONNECT_TIMEOUT);
    const done = (): void => {
      clearTimeout(timer);
    };
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', done).once('close', done);
  });
}

/** Ends a request whose peer is silent for too long; while we are the ones who hold it up nobody is at fault. */
function limitIdling(
  sent: ClientRequest,
  answered: Promise<IncomingMessage>,
  idleTimeoutMs: number,
): void {
  let answer: IncomingMessage | undefined;
  answered.then(
    (message) => (answer = message),
    () => undefined,
  );
  sent.on('timeout', () => {
    const isOurTurn =
      answer === undefined
        ? !sent.writableEnded && !sent.writableNeedDrain
        : answer.isPaused() || answer.readableLength > 0;
    if (isOurTurn) sent.socket?.setTimeout(idleTimeoutMs);
    else if (answer === undefined)
      sent.destroy(networkError('UND_ERR_HEADERS_TIMEOUT', 'no answer'));
    else answer.destroy(networkError('UND_ERR_BODY_TIMEOUT', 'the answer stopped'));
  });
}
