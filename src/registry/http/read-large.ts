import { validateHeaderName, validateHeaderValue } from 'node:http';
import { Readable } from 'node:stream';
import type { ByteConnection, ByteConnections, ByteReader } from './byte-connections.ts';
import { handOver } from './hand-over.ts';
import type { TlsProfile } from './host-trust.ts';
import type { LargeAnswer } from './large-answer.ts';
import { networkError } from './network-error.ts';
import { readSimpleHead, type SimpleHead } from './simple-head.ts';
import { lend, SLAB_BYTES } from './slabs.ts';

export interface LargeRead {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Sends a GET whose answer is large. The bytes of a simple answer go from the connection to the body in large pieces; any
 * other answer is read by `node:http`.
 * @throws Error of the network.
 */
export async function readLarge(
  connections: ByteConnections,
  profile: TlsProfile,
  request: LargeRead,
  signal: AbortSignal,
): Promise<LargeAnswer> {
  const head = headOf(request);
  for (let mayReuse = true; ; mayReuse = false) {
    signal.throwIfAborted();
    const connection = connections.open(profile, request.url, { mayReuse });
    try {
      return await ask(connection, head, signal);
    } catch (error) {
      signal.throwIfAborted();
      // The server ended a connection that nobody used just when we did.
      if (!connection.isReused || connection.hasReceived) throw error;
    }
  }
}

/** RFC 9112, section 3. @throws TypeError for what would end a line. */
function headOf({ url, headers }: LargeRead): string {
  const lines = Object.entries(headers).map(([name, value]) => {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return `${name}: ${value}\r\n`;
  });
  return `GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\n${lines.join('')}connection: keep-alive\r\n\r\n`;
}

async function ask(
  connection: ByteConnection,
  head: string,
  signal: AbortSignal,
): Promise<LargeAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<LargeAnswer>();
  let stop = (reason: Error): void => {
    reject(reason);
    connection.destroy();
  };
  const onAbort = (): void => {
    stop(signal.reason as Error);
  };

  function readOn(found: SimpleHead | 'other'): ByteReader {
    if (found === 'other') {
      const { answer, ...other } = handOver(connection);
      stop = other.stop;
      answer.then(resolve, reject);
      return other.reader;
    }
    const { status, headers } = found;
    const { body, reader } = contentOf(connection, found);
    stop = (reason) => body.destroy(reason);
    resolve({ status, headers, body });
    return reader;
  }

  signal.addEventListener('abort', onAbort, { once: true });
  connection.begin(head, {
    take(slab, filled) {
      const found = readSimpleHead(slab.subarray(0, filled));
      if (found === 'incomplete') return 'more';
      const reader = readOn(found);
      connection.handOn(reader);
      return reader.take(slab, filled);
    },
    closed(error) {
      reject(error ?? networkError('UND_ERR_SOCKET', 'closed before the answer'));
    },
    idle() {
      reject(networkError('UND_ERR_HEADERS_TIMEOUT', 'no answer'));
      return 'give-up';
    },
  });
  try {
    const answer = await promise;
    answer.body.once('close', () => {
      signal.removeEventListener('abort', onAbort);
    });
    return answer;
  } catch (error) {
    signal.removeEventListener('abort', onAbort);
    throw error;
  }
}

/** The body of a simple answer: the slabs as they are, but for the head in the first one. */
function contentOf(
  connection: ByteConnection,
  { length, contentLength, closes }: SimpleHead,
): { readonly body: Readable; readonly reader: ByteReader } {
  let start = length;
  let left = contentLength;
  const body = new Readable({
    highWaterMark: 2 * SLAB_BYTES,
    read() {
      if (left > 0) connection.resume();
    },
    destroy(error, done) {
      if (left > 0) connection.destroy();
      done(error);
    },
  });
  const reader: ByteReader = {
    take(slab, filled) {
      const available = filled - start;
      if (available < left && filled < slab.byteLength) return 'more';
      const part = slab.subarray(start, start + Math.min(available, left));
      start = 0;
      left -= part.byteLength;
      const isTaken = part.byteLength > 0;
      if (isTaken) {
        lend(part);
        if (!body.push(part)) connection.pause();
      }
      if (left > 0) return isTaken ? 'taken' : 'done';
      body.push(null);
      // More than was announced: what follows would be taken for the next answer.
      if (closes || available > part.byteLength) connection.destroy();
      else connection.release();
      return isTaken ? 'taken' : 'done';
    },
    closed(error, slab, filled) {
      // What came is not asked for again.
      if (filled > start) body.push(slab.subarray(start, filled));
      body.destroy(
        error ?? networkError('UND_ERR_SOCKET', 'closed before the answer was complete'),
      );
    },
    idle() {
      if (body.isPaused() || body.readableLength > 0) return 'wait';
      body.destroy(networkError('UND_ERR_BODY_TIMEOUT', 'the answer stopped'));
      return 'give-up';
    },
  };
  return { body, reader };
}
