import type { RegistryRequest } from '../registry-transport.ts';

export interface RequestBody {
  /** Whether it can be sent (again): bytes always, a stream until it was opened. */
  readonly isSendable: () => boolean;
  /** What to hand to the HTTP client. */
  readonly open: () => Uint8Array | AsyncGenerator<Uint8Array> | undefined;
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
  let stream: AsyncGenerator<Uint8Array> | undefined;

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
      stream = watched(body);
      return stream;
    },
    failure: () => failure,
    // Where it was never begun its source is never opened; where it is under way the client ends it.
    close: () => void stream?.return(undefined).catch(() => undefined),
  };
}
