/** A file or folder of a layer, as every build on every machine writes it: owner 0, no times. */
export interface TarEntry {
  /** Without slashes at its ends. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  /** Of a file; a folder has none. */
  readonly content?: TarContent;
}

export interface TarContent {
  /** Exactly what `read` gives, bytes. */
  readonly size: number;
  read(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

const BLOCK_BYTES = 512;
/** What eleven octal digits can say. */
const MOST_BYTES = 0o77777777777;
/** ASCII without control characters; all else needs an extended header. */
const PLAIN_PATH = /^[\x20-\x7e]{1,100}$/;

/**
 * A tar of the entries in their order: ustar, with a pax `path` for long and foreign names (POSIX.1-2017,
 * pax, "ustar Interchange Format" and "pax Extended Header"). Written here, since each byte is part of the
 * digest of what is published.
 */
export async function* tarOf(
  entries: AsyncIterable<TarEntry> | Iterable<TarEntry>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const { path, mode, content } of entries) {
    signal.throwIfAborted();
    const name = content === undefined ? `${path}/` : path;
    if (!PLAIN_PATH.test(name)) yield paxPath(name);
    const size = content?.size ?? 0;
    if (size > MOST_BYTES) throw new RangeError(`${path} has ${size} bytes, too many for a tar`);
    yield header(shortName(name), content === undefined ? '5' : '0', mode, size);
    if (content === undefined) continue;
    let written = 0;
    for await (const chunk of content.read(signal)) {
      written += chunk.byteLength;
      yield chunk;
    }
    if (written !== size) throw new Error(`${path} has ${written} bytes where ${size} were told`);
    yield new Uint8Array(paddingOf(size));
  }
  yield new Uint8Array(2 * BLOCK_BYTES);
}

function paxPath(name: string): Uint8Array {
  const record = paxRecord('path', name);
  return Buffer.concat([
    header('PaxHeader', 'x', 0o644, record.byteLength),
    record,
    new Uint8Array(paddingOf(record.byteLength)),
  ]);
}

/** `LENGTH KEY=VALUE\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.from(` ${key}=${value}\n`);
  let length = rest.byteLength;
  while (String(length).length + rest.byteLength !== length)
    length = String(length).length + rest.byteLength;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** What a reader that knows no pax sees. */
function shortName(name: string): string {
  return name.replaceAll(/[^\x20-\x7e]/g, '_').slice(0, 100);
}

function header(name: string, type: '0' | '5' | 'x', mode: number, size: number): Uint8Array {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(name, 0, 'latin1');
  block.write(octal(mode, 7), 100, 'latin1');
  block.write(octal(0, 7), 108, 'latin1');
  block.write(octal(0, 7), 116, 'latin1');
  block.write(octal(size, 11), 124, 'latin1');
  block.write(octal(0, 11), 136, 'latin1');
  block.write(`        ${type}`, 148, 'latin1');
  block.write('ustar\u000000', 257, 'latin1');
  block.write(octal(0, 7), 329, 'latin1');
  block.write(octal(0, 7), 337, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\u0000 `, 148, 'latin1');
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function paddingOf(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
}
