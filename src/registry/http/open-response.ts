import type { RegistryResponse } from '../registry-transport.ts';
import { type Answer, discard } from './exchange.ts';
import { flowOf } from './flow-of.ts';
import { headerOf } from './header-of.ts';
import { type ReadAhead, fromStart } from './read-ahead.ts';
import { readLimited } from './read-limited.ts';
import type { Slot } from './request-limit.ts';

/**
 * An answer for the caller. Its slot is held until the body has been read, dumped or destroyed.
 * `named` makes the caller's error out of a failure while reading.
 */
export function openResponse(
  answer: Answer,
  ahead: ReadAhead | undefined,
  slot: Slot,
  named: (error: unknown) => unknown,
): RegistryResponse {
  const { body, headers, status, url } = answer;
  const chunks = (failureOf?: (error: unknown) => unknown): AsyncGenerator<Uint8Array> =>
    ahead === undefined ? flowOf(body, failureOf) : fromStart(ahead, failureOf);
  if (body.closed) slot.release('succeeded');
  body.once('close', () => {
    slot.release('succeeded');
  });
  // Nobody has to read a body to learn that it failed, and nobody has to listen.
  body.on('error', () => undefined);

  return {
    status,
    url: url.href,
    header: (name) => headerOf(headers, name),
    body: { [Symbol.asyncIterator]: () => chunks((error) => named(answer.failureOf(error))) },
    async bytes(limitBytes) {
      try {
        return await readLimited(answer, limitBytes, chunks());
      } catch (error) {
        throw named(error);
      }
    },
    async [Symbol.asyncDispose]() {
      if (!body.destroyed && !body.readableEnded) await discard(body);
      body.destroy();
      slot.release('succeeded');
    },
  };
}
