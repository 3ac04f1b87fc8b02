import type { KeyValue } from './document-keys.ts';
import { LIMITS } from './limits.ts';

/** Collects the bytes between the quotes of one JSON string, which may go over several chunks. */
export interface StringCapture {
  /** The string begins at that index of the chunk. */
  begin(index: number): void;
  /** The chunk ends before the string does. */
  leave(chunk: Uint8Array): void;
  /** The string ends before that index. Undefined: it is longer than LIMITS.keyBytes, or no JSON string. */
  end(chunk: Uint8Array, index: number): KeyValue | undefined;
}

export function createStringCapture(): StringCapture {
  let from = -1;
  let parts: Buffer[] = [];
  let bytes = 0;

  function keep(part: Uint8Array): void {
    bytes += part.length;
    // The chunk is its owner's: what stays is a copy.
    if (bytes <= LIMITS.keyBytes) parts.push(Buffer.from(part));
  }

  return {
    begin(index) {
      from = index;
      parts = [];
      bytes = 0;
    },
    leave(chunk) {
      if (from < 0) return;
      keep(chunk.subarray(from));
      from = 0;
    },
    end(chunk, index) {
      keep(chunk.subarray(from, index));
      from = -1;
      return bytes > LIMITS.keyBytes ? undefined : textOf(Buffer.concat(parts).toString('utf8'));
    },
  };
}

function textOf(raw: string): KeyValue | undefined {
  try {
    return { kind: 'text', text: JSON.parse(`"${raw}"`) as string };
  } catch {
    return undefined;
  }
}
