import { LayerFault } from './layer-fault.ts';

const FRAME = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
/** Magic number, descriptor, window, dictionary and content size at their longest. */
const HEADER_BYTES = 18;

/**
 * Cuts compressed bytes where one zstd frame ends and the next begins. Node's decoder drops what follows a
 * frame within one chunk, without an error (seen with 24.21); images of podman's `zstd:chunked` have
 * many frames. Source: RFC 8878, 3.1.
 */
export async function* cutAtZstdFrames(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  /** Bytes of the frame that pass without being looked at. */
  let pass = 0;
  let needed = 4;
  let head = Buffer.alloc(0);
  let next: 'frame' | 'block' = 'frame';
  let hasChecksum = false;
  // The compiler does not see that readHead sets it.
  let endsAfterPass = false as boolean;

  /** Reads a header; false: more of it is needed. */
  function readHead(): boolean {
    if (next === 'block') {
      const value = head.readUIntLE(0, 3);
      const [isLast, type, size] = [(value & 1) === 1, (value >> 1) & 3, value >> 3];
      // Of a block of one repeated byte only that byte is there.
      pass = type === 1 ? 1 : size;
      endsAfterPass = isLast;
      if (isLast && hasChecksum) pass += 4;
      return true;
    }
    const magic = head.readUInt32LE(0);
    const isSkippable = (magic & 0xfffffff0) >>> 0 === SKIPPABLE;
    if (!isSkippable && magic !== FRAME) {
      throw new LayerFault('something that is no zstd follows in it', { mayBeTransfer: true });
    }
    needed = isSkippable ? 8 : frameHeaderBytes(head);
    if (head.length < needed) return false;
    if (isSkippable) pass = head.readUInt32LE(4);
    else hasChecksum = ((head[4] ?? 0) & 4) !== 0;
    next = isSkippable ? 'frame' : 'block';
    endsAfterPass = isSkippable;
    return true;
  }

  for await (const chunk of chunks) {
    let start = 0;
    let index = 0;
    while (index < chunk.length) {
      if (pass > 0) {
        const length = Math.min(pass, chunk.length - index);
        pass -= length;
        index += length;
      } else {
        const length = Math.min(needed - head.length, chunk.length - index);
        head = Buffer.concat([head, chunk.subarray(index, index + length)]);
        index += length;
        if (head.length < needed) continue;
        if (!readHead()) continue;
        head = Buffer.alloc(0);
        needed = 3;
      }
      if (pass > 0 || !endsAfterPass || head.length > 0) continue;
      yield chunk.subarray(start, index);
      start = index;
      next = 'frame';
      needed = 4;
      endsAfterPass = false;
    }
    if (start < chunk.length) yield chunk.subarray(start);
  }
}

function frameHeaderBytes(head: Buffer): number {
  const descriptor = head[4];
  if (descriptor === undefined) return 5;
  const isSingle = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const size = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  return Math.min(HEADER_BYTES, 5 + (isSingle ? 0 : 1) + dictionary + size);
}
