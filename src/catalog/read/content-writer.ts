import { type FileHandle, open } from 'node:fs/promises';

/** Appends pieces to a file. A piece is its giver's until `flush` is settled. */
export interface ContentWriter {
  /** Bytes so far. */
  readonly bytes: number;
  add(piece: Uint8Array): void;
  /** Writes what was added; the next `flush` waits for it. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export async function openContentWriter(path: string): Promise<ContentWriter> {
  const handle: FileHandle = await open(path, 'wx');
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    add(piece) {
      bytes += piece.length;
      pieces.push(piece);
    },
    async flush() {
      if (pieces.length === 0) return;
      const [only] = pieces;
      const whole = only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces);
      pieces = [];
      await handle.appendFile(whole);
    },
    async close() {
      await handle.close();
    },
  };
}
