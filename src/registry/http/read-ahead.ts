import type { Answer } from './exchange.ts';
import { flowOf } from './flow-of.ts';
import { headerOf } from './header-of.ts';

/** The start of an answer's body, read while its request can still be sent again. */
export interface ReadAhead {
  readonly chunks: readonly Uint8Array[];
  /** What follows; undefined: that was all. */
  readonly rest: AsyncIterator<Uint8Array> | undefined;
}

/**
 * Reads a body to its end, or until more than `limitBytes` came; nothing of one that says it is longer.
 * @throws HttpFailure the network's, which can pass.
 */
export async function readAhead(
  answer: Pick<Answer, 'body' | 'headers' | 'failureOf'>,
  limitBytes: number,
): Promise<ReadAhead> {
  const rest = flowOf(answer.body);
  const chunks: Uint8Array[] = [];
  if (Number(headerOf(answer.headers, 'content-length') ?? 0) > limitBytes) return { chunks, rest };
  let received = 0;
  try {
    while (received <= limitBytes) {
      const next = await rest.next();
      if (next.done === true) return { chunks, rest: undefined };
      chunks.push(next.value);
      received += next.value.byteLength;
    }
    return { chunks, rest };
  } catch (error) {
    throw answer.failureOf(error);
  }
}

/** The whole body again: what was read of it, then what follows. `failureOf` makes the error that is thrown. */
export async function* fromStart(
  { chunks, rest }: ReadAhead,
  failureOf: (error: unknown) => unknown = (error) => error,
): AsyncGenerator<Uint8Array> {
  yield* chunks;
  if (rest === undefined) return;
  try {
    for await (const chunk of { [Symbol.asyncIterator]: () => rest }) yield chunk;
  } catch (error) {
    throw failureOf(error);
  }
}
