export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const OPEN_OBJECT = 0x7b;

/** What a byte outside of strings is. Up to COLON: what a scan for brackets passes over. */
export const BLANK = 1;
export const LITERAL = 2;
export const COMMA = 3;
export const COLON = 4;
export const QUOTES = 5;
export const OPENS = 6;
export const CLOSES = 7;
export const FAULTY = 8;

/** The kind of every byte. */
export const KIND_OF_BYTE = kinds();

/** Where the string ends that `from` is in: the index of its quote; the length where it goes on, one more where the next byte is escaped. */
export function endOfString(chunk: Uint8Array, from: number): number {
  const length = chunk.length;
  let index = from;
  while (index < length) {
    const byte = chunk[index] ?? 0;
    if (byte === QUOTE) return index;
    index += byte === BACKSLASH ? 2 : 1;
  }
  return index;
}

function kinds(): Uint8Array {
  const table = new Uint8Array(256).fill(FAULTY);
  const set = (bytes: string, kind: number): void => {
    for (const byte of Buffer.from(bytes)) table[byte] = kind;
  };
  set(' \t\n\r', BLANK);
  set('0123456789+-.eEtrufalsn', LITERAL);
  set(',', COMMA);
  set(':', COLON);
  set('"', QUOTES);
  set('{[', OPENS);
  set('}]', CLOSES);
  return table;
}
