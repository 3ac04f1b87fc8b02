import { createHash } from 'node:crypto';
import { ControllerError } from '../base/controller-error.ts';
import type { Descriptor } from './descriptor.ts';
import { algorithmOf } from './digest.ts';

/**
 * Passes chunks through; throws `BLOB_CORRUPT` in place of the end, so bad content never looks complete.
 * @param onBytes told of the length of each chunk before it is passed on.
 */
export async function* verified(
  chunks: AsyncIterable<Uint8Array>,
  expected: Descriptor,
  onBytes?: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const algorithm = algorithmOf(expected.digest);
  const hash = createHash(algorithm);
  let received = 0;
  for await (const chunk of chunks) {
    received += chunk.byteLength;
    if (received > expected.size) break; // A hostile server may never stop sending.
    hash.update(chunk);
    onBytes?.(chunk.byteLength);
    yield chunk;
  }
  const actual = `${algorithm}:${hash.digest('hex')}`;
  if (received === expected.size && actual === expected.digest) return;
  const got =
    received > expected.size ? `more than ${expected.size} bytes` : `${actual} (${received} bytes)`;
  throw new ControllerError(
    'BLOB_CORRUPT',
    `Digest did not match, expected ${expected.digest} (${expected.size} bytes), got ${got}`,
    { remedy: 'retry-later', hint: 'The source or something on the way changed the content.' },
  );
}
