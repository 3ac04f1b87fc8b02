import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ControllerError } from '../../base/controller-error.ts';
import type { Log } from '../../base/log.ts';
import { type Served, handleRequest } from './handle-request.ts';
import type { PasswordCheck } from './htpasswd.ts';
import { type Asked, type Reply, failure } from './reply.ts';

/** One request that was answered. */
export interface ServedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly status: number;
}

export interface AnswerDependencies extends Served {
  readonly passwordCheck: PasswordCheck | undefined;
  readonly log: Log;
  readonly onRequest: (request: ServedRequest) => void;
}

/** How long the rest of a body that nobody wants is read, so that the client gets to see the answer. */
const DRAIN_MS = 5_000;

/** Answers one request, whatever it is. Never throws. */
export async function answer(
  dependencies: AnswerDependencies,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { log, onRequest } = dependencies;
  const [method, path] = [request.method ?? '', request.url ?? ''];
  const gone = new AbortController();
  response.once('close', () => {
    gone.abort();
  });
  const reply = await replyTo(dependencies, request, response, gone.signal).catch(
    (error: unknown) => {
      if (!gone.signal.aborted) log.error({ err: error, method, path }, 'request failed');
      return replyToError(error);
    },
  );
  onRequest({ method, path, status: reply.status });
  log.debug({ method, path, status: reply.status }, 'request answered');
  try {
    await send(request, response, reply);
  } catch (error) {
    // The status is sent: all that is left to tell the client is a broken connection.
    log.debug({ err: error, method, path }, 'answer interrupted');
    response.destroy();
  }
}

async function replyTo(
  { passwordCheck, ...served }: AnswerDependencies,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<Reply> {
  const { headers, method = '' } = request;
  if (passwordCheck !== undefined) {
    const verdict = await passwordCheck.check(headers.authorization);
    if (verdict === 'busy')
      return failure(429, 'TOOMANYREQUESTS', 'too many passwords to check', {
        headers: { 'retry-after': 1 },
      });
    if (verdict === 'refused') return unauthorized();
  } else if (headers.origin !== undefined && method !== 'GET' && method !== 'HEAD') {
    // Without passwords, a web page must not write with the reach of the browser that shows it.
    return failure(403, 'DENIED', 'requests of web pages are refused');
  }
  const url = request.url ?? '';
  const queryStart = url.indexOf('?');
  const asked: Asked = {
    method,
    headers,
    query: new URLSearchParams(queryStart < 0 ? '' : url.slice(queryStart + 1)),
    body: () => {
      if (headers.expect !== undefined) response.writeContinue();
      return request as AsyncIterable<Uint8Array>;
    },
    signal,
  };
  return handleRequest(served, queryStart < 0 ? url : url.slice(0, queryStart), asked);
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
): Promise<void> {
  const { status, headers, body } = reply;
  const isStream = body !== undefined && !(body instanceof Uint8Array);
  await using stream = isStream ? body : undefined;
  if (response.destroyed) return;
  if (hasBody(request) && !request.complete) closeAfterwards(request, response);
  response.writeHead(status, { 'docker-distribution-api-version': 'registry/2.0', ...headers });
  if (request.method === 'HEAD' || body === undefined) response.end();
  else if (stream === undefined) response.end(body);
  else await pipeline(Readable.from(stream, { objectMode: false }), response);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** A body that was not read to its end keeps the connection from being used again. */
function closeAfterwards(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('connection', 'close');
  request.on('error', () => undefined);
  request.resume();
  const timer = setTimeout(() => {
    request.destroy();
  }, DRAIN_MS);
  request.once('close', () => {
    clearTimeout(timer);
  });
}

/** What went wrong inside is for the log: a message may name paths of this machine. */
function replyToError(error: unknown): Reply {
  if (error instanceof ControllerError && error.code === 'STORE_UNAVAILABLE') {
    return failure(503, 'UNKNOWN', 'the storage is not available', {
      headers: { 'retry-after': 10 },
    });
  }
  return failure(500, 'UNKNOWN', 'internal error');
}

function unauthorized(): Reply {
  const headers = { 'www-authenticate': 'Basic realm="imageset registry", charset="UTF-8"' };
  return failure(401, 'UNAUTHORIZED', 'authentication required', { headers });
}
