import type { Readable } from 'node:stream';
import { type Dispatcher, request as send } from 'undici';
import type { ChooseProxy } from './choose-proxy.ts';
import type { Connections } from './connections.ts';
import type { HostTrust } from './host-trust.ts';
import { HttpFailure } from './http-failure.ts';
import type { LargeBodies } from './large-bodies.ts';
import { networkFailure } from './network-failure.ts';

/** On whose behalf a request is sent: it decides on certificates, credentials and plain HTTP. */
export interface Origin {
  /** `https://host:port` of the registry. */
  readonly base: URL;
  readonly trust: HostTrust;
  /** Whether plain HTTP is allowed. */
  readonly insecure: boolean;
}

export interface Outgoing {
  readonly method: Dispatcher.HttpMethod;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent to `url`'s host alone: not to where it redirects. */
  readonly authorization: string | undefined;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array> | undefined;
  /** Whether its body or that of its answer is large. */
  readonly isLarge?: boolean | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
  /** What answered, after redirects. */
  readonly url: URL;
  /** Whether that is another host than the one that was asked. */
  readonly isElsewhere: boolean;
  /** For failures while the body is read. */
  readonly failureOf: (error: unknown) => HttpFailure;
}

export interface Wire {
  readonly connections: Pick<Connections, 'through'>;
  /** For large bodies, but through proxies; undefined: there is no other way. */
  readonly largeBodies?: Pick<LargeBodies, 'send'> | undefined;
  readonly chooseProxy: ChooseProxy;
  readonly idleTimeoutMs: number;
  /** Told of every request, before it is sent. */
  readonly count: (host: string) => void;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 10;
/** More than this is not worth reading for the sake of a connection. */
const DISCARD_BYTES = 65_536;

/**
 * Sends a request and follows redirects of GET and HEAD. Credentials stay with the host, port and scheme
 * that they were meant for, and do not come back once they were dropped (spec, transfer-engine, 5.8.3).
 * @throws HttpFailure for failures of the network; any status is an answer.
 */
export async function exchange(
  wire: Wire,
  origin: Origin,
  outgoing: Outgoing,
  signal: AbortSignal,
): Promise<Answer> {
  let { url, authorization } = outgoing;
  for (let redirects = 0; ; redirects += 1) {
    const answer = await sendOnce(wire, origin, { ...outgoing, url, authorization }, signal);
    const isElsewhere = url.origin !== outgoing.url.origin;
    const follows = outgoing.method === 'GET' || outgoing.method === 'HEAD';
    if (!follows || !REDIRECTS.has(answer.status)) return { ...answer, isElsewhere };
    await discard(answer.body);
    const next = nextUrl(answer, origin, redirects);
    if (next.origin !== url.origin) authorization = undefined;
    url = next;
  }
}

/** Reads what is left of a small body, so that the connection can be used again, or closes it. */
export async function discard(body: Answer['body']): Promise<void> {
  if (body.closed) return;
  let received = 0;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const done = (): void => {
    resolve(undefined);
  };
  // A body that nobody wants has nothing to fail.
  body.on('error', done).once('end', done).once('close', done);
  body.on('data', (chunk: Uint8Array) => {
    received += chunk.byteLength;
    if (received > DISCARD_BYTES) body.destroy();
  });
  if (body.isPaused()) body.resume();
  await promise;
}

async function sendOnce(
  wire: Wire,
  origin: Origin,
  { method, url, headers: plain, authorization, body, isLarge = false }: Outgoing,
  signal: AbortSignal,
): Promise<Omit<Answer, 'isElsewhere'>> {
  const proxy = wire.chooseProxy(url);
  const profile = url.host === origin.base.host ? origin.trust.own : origin.trust.others;
  const failureOf = (error: unknown): HttpFailure =>
    networkFailure(error, { url, proxy: proxy?.address, caFile: origin.trust.caFile });
  const headers = authorization === undefined ? plain : { ...plain, authorization };
  wire.count(url.host);
  try {
    if (isLarge && proxy === undefined && wire.largeBodies !== undefined) {
      const large = { method, url, headers, body };
      return { ...(await wire.largeBodies.send(profile, large, signal)), url, failureOf };
    }
    const response = await send(url, {
      method,
      dispatcher: wire.connections.through(profile, proxy),
      headers,
      // undici takes any async iterable; its types name only some.
      body: (body ?? null) as string | Uint8Array | null,
      headersTimeout: wire.idleTimeoutMs,
      bodyTimeout: wire.idleTimeoutMs,
      // By default undici closes the connection after a HEAD; a handshake costs a registry more than the answer.
      reset: false,
      signal,
    });
    return {
      status: response.statusCode,
      headers: response.headers,
      body: response.body,
      url,
      failureOf,
    };
  } catch (error) {
    signal.throwIfAborted();
    throw failureOf(error);
  }
}

function nextUrl(
  answer: Omit<Answer, 'isElsewhere'>,
  { insecure }: Origin,
  redirects: number,
): URL {
  const from = answer.url;
  if (redirects >= MOST_REDIRECTS)
    throw refused(from, `redirects more than ${MOST_REDIRECTS} times`);
  const location = answer.headers.location;
  const url = typeof location === 'string' ? URL.parse(location, from) : null;
  if (url === null) throw refused(from, 'redirects without saying where');
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw refused(from, `redirects to ${url.protocol}`);
  if (url.protocol === 'http:' && from.protocol === 'https:' && !insecure) {
    throw refused(from, `redirects from https to plain http (${url.host})`);
  }
  url.username = '';
  url.password = '';
  url.hash = '';
  return url;
}

function refused(from: URL, what: string): HttpFailure {
  return new HttpFailure('REGISTRY_BROKEN', `${from.host} ${what}`, {
    remedy: 'wait-for-change',
    again: false,
    hint: `Check the configuration of ${from.host} and of what stands before it.`,
  });
}
