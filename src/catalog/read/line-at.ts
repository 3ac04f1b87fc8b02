import type { IndexedFile } from './catalog-index.ts';
import type { ContentReader } from './content-files.ts';

const PIECE_BYTES = 1024 * 1024;

/** The line of a file, from 1, that has the byte at `offset`. Counted only for messages. */
export async function lineAt(
  content: ContentReader,
  { layer, start }: Pick<IndexedFile, 'layer' | 'start'>,
  offset: number,
  signal: AbortSignal,
): Promise<number> {
  let line = 1;
  for (let from = 0; from < offset; from += PIECE_BYTES) {
    const to = Math.min(offset, from + PIECE_BYTES);
    const bytes = await content.read(layer, start + from, start + to, signal);
    for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) line += 1;
  }
  return line;
}
