import { type IncomingMessage, request } from 'node:http';
import { Duplex } from 'node:stream';
import type { ByteConnection, ByteReader } from './byte-connections.ts';
import type { LargeAnswer } from './large-answer.ts';
import { networkError } from './network-error.ts';

/**
 * Has an answer that is not simple read by `node:http`, from its first byte on: chunks, interim answers, bodies that end with
 * the connection, and what is no HTTP at all. The connection serves no other request afterwards.
 */
export function handOver(connection: ByteConnection): {
  readonly reader: ByteReader;
  readonly answer: Promise<LargeAnswer>;
  /** Gives it up. */
  readonly stop: (reason: Error) => void;
} {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  let message: IncomingMessage | undefined;
  const replay = new Duplex({
    read() {
      connection.resume();
    },
    // The request itself was sent long ago.
    write(_chunk, _encoding, done) {
      done();
    },
    destroy(error, done) {
      connection.destroy();
      done(error);
    },
  });
  const asked = request({ method: 'GET', createConnection: () => replay });
  asked.on('error', reject);
  asked.once('response', (answer) => {
    message = answer;
    answer.on('error', () => undefined).once('close', () => replay.destroy());
    resolve(answer);
  });
  asked.end();

  function stop(reason: Error): void {
    reject(reason);
    message?.destroy(reason);
    replay.destroy();
  }

  return {
    reader: {
      take(slab, filled) {
        if (!replay.push(Buffer.from(slab.subarray(0, filled)))) connection.pause();
        return 'done';
      },
      closed(error) {
        if (error === undefined) replay.push(null);
        else stop(error);
      },
      idle() {
        const isOurTurn = message?.isPaused() === true || (message?.readableLength ?? 0) > 0;
        if (isOurTurn) return 'wait';
        stop(
          message === undefined
            ? networkError('UND_ERR_HEADERS_TIMEOUT', 'no answer')
            : networkError('UND_ERR_BODY_TIMEOUT', 'the answer stopped'),
        );
        return 'give-up';
      },
    },
    answer: promise.then((answer) => ({
      status: answer.statusCode ?? 0,
      headers: answer.headers,
      body: answer,
    })),
    stop,
  };
}
