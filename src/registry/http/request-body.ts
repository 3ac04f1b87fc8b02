import { Readable } from 'node:stream';
import type { RegistryRequest } from '../registry-transport.ts';

export interface RequestBody {
  /** Whether it can be sent (again): bytes always, a stream until it was opened. */
  readonly isSendable: () => boolean;
  /** What to hand to the HTTP client. */
  readonly open: () => Uint8Array | Readable | undefined;
  /** The failure of the stream itself: the caller's own, to be passed on as it is. */
  readonly failure: () => { readonly error: unknown } | undefined;
  /** Ends a stream that was not sent to its end. */
  readonly close: () => void;
}

/** Watches over a request's body, so that a failure of its source is told from one of the network. */
export function createRequestBody(body: RegistryRequest['body']): RequestBody {
  if (body === undefined || body instanceof Uint8Array) {
    return {
      isSendable: () => true,
      open: () => body,
      failure: () => undefined,
      close: () => undefined,
    };
  }
  let failure: { readonly error: unknown } | undefined;
  let stream: Readable | undefined;

  async function* watched(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of chunks) if (chunk.byteLength > 0) yield chunk;
    } catch (error) {
      failure ??= { error };
      throw error;
    }
  }

  return {
    isSendable: () => stream === undefined,
    open: () => {
      stream = Readable.from(watched(body), { objectMode: false });
      stream.on('error', () => undefined);
      return stream;
    },
    failure: () => failure,
    close: () => stream?.destroy(),
  };
}
