import { createGunzip } from 'node:zlib';
import { ControllerError, type ErrorCode } from '../base/controller-error.ts';
import type { Log } from '../base/log.ts';
import type { RetrySettings } from '../registry/end-settings.ts';
import { createChooseProxy } from '../registry/http/choose-proxy.ts';
import { createConnections } from '../registry/http/connections.ts';
import {
  type Answer,
  type Origin,
  type Wire,
  discard,
  exchange,
} from '../registry/http/exchange.ts';
import { headerOf } from '../registry/http/header-of.ts';
import { type HostTrust, readSystemTrust } from '../registry/http/host-trust.ts';
import { HttpFailure } from '../registry/http/http-failure.ts';
import { readLimited } from '../registry/http/read-limited.ts';
import { type Sleep, sleep, withRetries } from '../registry/http/retry.ts';
import { statusFailure } from '../registry/http/status-failure.ts';
import { userAgent } from '../registry/http/user-agent.ts';
import { shownUrl } from './web-url.ts';
import type { Validators, WebAnswer, WebClient, WebRequest } from './web-client.ts';

export interface WebClientSettings {
  /** Proxies and authorities: *_PROXY, SSL_CERT_FILE, SSL_CERT_DIR. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** Default: three retries, exponential pauses. */
  readonly retry?: RetrySettings;
  /** How long a connection may be silent, milliseconds; default: a minute. */
  readonly idleTimeoutMs?: number;
  /** The longest time of one call, retries included, milliseconds; default: ten minutes. */
  readonly totalTimeoutMs?: number;
  /** Pauses between attempts, for tests. */
  readonly sleep?: Sleep;
}

const RETRY: RetrySettings = { times: 3, delayMs: 0 };
const IDLE_MS = 60_000;
const TOTAL_MS = 600_000;
const ACCESS_HINT =
  'Whoever runs the server has to let this machine read it. For mirror, a user and a password may stand in the URL.';
/** A header that is longer is no validator worth keeping. */
const MOST_VALIDATOR = 1024;

/** Asks nothing by itself. One for a process: it keeps its connections until it is disposed. */
export function openWebClient(settings: WebClientSettings): WebClient {
  const { environment, log, retry = RETRY, totalTimeoutMs = TOTAL_MS } = settings;
  const connections = createConnections();
  const wire: Wire = {
    connections,
    chooseProxy: createChooseProxy(environment),
    idleTimeoutMs: settings.idleTimeoutMs ?? IDLE_MS,
    count: () => undefined,
  };
  const retries = { retry, sleep: settings.sleep ?? sleep, log };
  const noRetries = { ...retries, retry: { ...retry, times: 0 } };
  // Hosts that did not answer all the attempts of a request: until one answers again, every other request has one.
  const silentHosts = new Set<string>();
  let trust: Promise<HostTrust> | undefined;

  async function systemTrust(): Promise<HostTrust> {
    trust ??= readSystemTrust({ environment, fileRoot: '' });
    try {
      return await trust;
    } catch (error) {
      // A file that was wrong may be right at the next attempt.
      trust = undefined;
      throw error;
    }
  }

  async function attempt(
    url: URL,
    request: WebRequest,
    authorization: string | undefined,
    signal: AbortSignal,
  ): Promise<WebAnswer> {
    const origin: Origin = { base: url, trust: await systemTrust(), insecure: false };
    const headers = headersOf(request);
    const outgoing = { method: 'GET', url, headers, authorization } as const;
    return await read(await exchange(wire, origin, outgoing, signal), request);
  }

  return {
    async get(url, request, signal) {
      const plain = withoutUser(url);
      const shown = shownUrl(url);
      const timeout = AbortSignal.timeout(totalTimeoutMs);
      const both = AbortSignal.any([signal, timeout]);
      const once = (): Promise<WebAnswer> => attempt(plain, request, authorizationOf(url), both);
      try {
        const answer = await withRetries(
          silentHosts.has(plain.host) ? noRetries : retries,
          { attempt: once, mayRepeat: () => true },
          both,
        );
        silentHosts.delete(plain.host);
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        if (timeout.aborted) throw tooSlow(shown, totalTimeoutMs);
        if (!(error instanceof HttpFailure)) throw error;
        if (error.code === 'REGISTRY_UNREACHABLE') silentHosts.add(plain.host);
        throw failed(shown, error);
      }
    },
    async [Symbol.asyncDispose]() {
      await connections[Symbol.asyncDispose]();
    },
  };
}

function headersOf({ accept, validators }: WebRequest): Record<string, string> {
  return {
    'user-agent': userAgent,
    'accept-encoding': 'gzip',
    ...(accept === undefined ? {} : { accept }),
    ...(validators?.etag === undefined ? {} : { 'if-none-match': validators.etag }),
    ...(validators?.lastModified === undefined
      ? {}
      : { 'if-modified-since': validators.lastModified }),
  };
}

/** What an answer is. Its body is read to its end, or discarded. @throws HttpFailure */
async function read(answer: Answer, { validators, limitBytes }: WebRequest): Promise<WebAnswer> {
  const { status } = answer;
  if (status === 200) {
    const body = await readBody(answer, limitBytes);
    return { kind: 'found', body, validators: validatorsOf(answer) };
  }
  const hasAsked = validators?.etag !== undefined || validators?.lastModified !== undefined;
  if (status === 404 || (status === 304 && hasAsked)) {
    await discard(answer.body);
    return { kind: status === 404 ? 'missing' : 'unchanged' };
  }
  if (status < 400) {
    await discard(answer.body);
    throw broken(answer, `answered ${status}`);
  }
  throw await statusFailure(answer, { credentialHint: '', secrets: [] });
}

async function readBody(answer: Answer, limitBytes: number): Promise<Uint8Array> {
  const coding = headerOf(answer.headers, 'content-encoding')?.trim().toLowerCase() ?? '';
  if (coding === '' || coding === 'identity') return await readLimited(answer, limitBytes);
  if (coding !== 'gzip' && coding !== 'x-gzip') {
    await discard(answer.body);
    throw broken(answer, 'answered in a content coding that was not asked for');
  }
  const unpacked = createGunzip();
  const { body, failureOf } = answer;
  // Whoever reads it hears of it; nobody may be reading yet.
  unpacked.on('error', () => undefined);
  body.on('error', (error) => unpacked.destroy(error));
  body.once('close', () => {
    if (!body.readableEnded) unpacked.destroy(body.errored ?? new Error('closed before its end'));
  });
  body.pipe(unpacked);
  const namedFailure = (error: unknown): HttpFailure =>
    error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
      ? broken(answer, 'sent a body that is not gzip, as it says')
      : failureOf(error);
  try {
    return await readLimited(
      { ...answer, failureOf: namedFailure },
      limitBytes,
      unpacked as AsyncIterable<Uint8Array>,
    );
  } finally {
    unpacked.destroy();
  }
}

function validatorsOf({ headers }: Answer): Validators {
  const etag = headerOf(headers, 'etag') ?? '';
  const lastModified = headerOf(headers, 'last-modified') ?? '';
  const isUsable = (text: string): boolean => text !== '' && text.length <= MOST_VALIDATOR;
  return {
    ...(isUsable(etag) ? { etag } : {}),
    ...(isUsable(lastModified) ? { lastModified } : {}),
  };
}

function broken({ url }: Answer, what: string): HttpFailure {
  return new HttpFailure('REGISTRY_BROKEN', `${url.host} ${what}`, {
    remedy: 'retry-later',
    again: false,
    hint: `Check ${url.host} and what stands before it.`,
  });
}

function withoutUser(url: URL): URL {
  const plain = new URL(url);
  plain.username = '';
  plain.password = '';
  plain.hash = '';
  return plain;
}

/** RFC 7617; sent to the host of the URL alone. */
function authorizationOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const pair = `${decoded(username)}:${decoded(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** A `%` that begins no escape is what it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function failed(shown: string, failure: HttpFailure): ControllerError {
  const { message, remedy, cause } = failure;
  const hint = HINTS[failure.code] ?? failure.hint;
  return new ControllerError('DOWNLOAD_FAILED', `downloading ${shown}: ${message}`, {
    remedy,
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What statuses ask of a person here is not what they ask with registries. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  REGISTRY_UNAUTHORIZED: ACCESS_HINT,
  REGISTRY_DENIED: ACCESS_HINT,
  REGISTRY_RATE_LIMITED: 'Try again later.',
  REGISTRY_REFUSED: 'Check the URL, and what was asked for.',
};

function tooSlow(shown: string, totalTimeoutMs: number): ControllerError {
  return new ControllerError(
    'DOWNLOAD_FAILED',
    `downloading ${shown}: not done within ${Math.round(totalTimeoutMs / 1000)} seconds`,
    {
      remedy: 'retry-later',
      hint: 'Check the server and the way to it; a proxy is set with HTTPS_PROXY.',
    },
  );
}
