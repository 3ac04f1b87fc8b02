import { noteGarbage } from '../../base/free-garbage.ts';

/** The most that is read before it is passed on, bytes: eight TLS records, so that each costs an eighth of a chunk. */
export const SLAB_BYTES = 128 * 1024;

/** Slabs kept without use: what eight large blobs have under way. */
const MOST_FREE = 32;

const free: Buffer<ArrayBuffer>[] = [];
const lengthByLent = new WeakMap<ArrayBufferLike, number>();

/** Room to read into, not cleared. It belongs to who takes it, and is collected like any other unless `returnPart` gets it. */
export function takeSlab(): Buffer<ArrayBuffer> {
  const slab = free.pop();
  if (slab !== undefined) return slab;
  noteGarbage(SLAB_BYTES);
  return Buffer.allocUnsafeSlow(SLAB_BYTES);
}

/** Passes the only part of a slab that anybody will see on to whoever reads it. */
export function lend(part: Uint8Array): void {
  lengthByLent.set(part.buffer, part.byteLength);
}

/** Whether the chunk is lent, and so no garbage by itself. */
export function isLent(chunk: Uint8Array): boolean {
  return lengthByLent.get(chunk.buffer) === chunk.byteLength;
}

/**
 * To be called by the last one that reads a chunk, and that sees it alone: what was lent is written over from then on.
 * Anything else than a whole lent part is left alone.
 */
export function returnPart(chunk: Uint8Array): void {
  const { buffer } = chunk;
  if (!isLent(chunk) || !(buffer instanceof ArrayBuffer)) return;
  lengthByLent.delete(buffer);
  if (free.length < MOST_FREE) free.push(Buffer.from(buffer));
}
