import type { Readable } from 'node:stream';
import { noteGarbage } from '../../base/free-garbage.ts';
import { isLent } from './slabs.ts';

/** So much may pile up while the consumer works, bytes; more holds up the sender. */
const HIGH_WATER = 256 * 1024;

/**
 * The chunks of a readable as they arrive. Its own iterator joins what has piled up, which copies every byte once
 * more; a blob of a gigabyte notices. `failureOf` makes the error that is thrown.
 */
export async function* flowOf(
  readable: Readable,
  failureOf: (error: unknown) => unknown = (error) => error,
): AsyncGenerator<Uint8Array> {
  let chunks: Uint8Array[] = [];
  let queued = 0;
  let garbage = 0;
  let failure: { readonly error: unknown } | undefined;
  let hasEnded = readable.readableEnded;
  let wake: () => void = () => undefined;

  function onData(chunk: Uint8Array): void {
    chunks.push(chunk);
    queued += chunk.byteLength;
    if (!isLent(chunk)) garbage += chunk.byteLength;
    if (queued >= HIGH_WATER) readable.pause();
    wake();
  }
  function onEnd(): void {
    hasEnded = true;
    wake();
  }
  function onError(error: unknown): void {
    failure ??= { error };
    wake();
  }
  function onClose(): void {
    if (!hasEnded) failure ??= { error: readable.errored ?? new Error('closed before its end') };
    wake();
  }

  readable.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
  if (readable.destroyed) onClose();
  try {
    for (;;) {
      const taken = chunks;
      chunks = [];
      noteGarbage(garbage);
      garbage = 0;
      queued = 0;
      for (const chunk of taken) yield chunk;
      if (chunks.length > 0) continue;
      if (failure !== undefined) throw failureOf(failure.error);
      if (hasEnded) return;
      if (readable.isPaused()) readable.resume();
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    readable.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
    if (!hasEnded) readable.destroy();
  }
}
