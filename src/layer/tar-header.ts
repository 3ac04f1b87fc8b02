import { LAYER_LIMITS } from './limits.ts';
import { LayerFault } from './layer-fault.ts';

export const TAR_BLOCK = 512;

/** What an entry of a layer is; `other`: links, devices, pipes, and what nobody knows. */
export type TarKind = 'file' | 'directory' | 'other';

export interface TarEntry {
  readonly path: string;
  readonly kind: TarKind;
  /** Of its data in the tar, bytes. */
  readonly size: number;
}

/** A header that is about the next entry, with its data. */
export type TarHeader =
  | (TarEntry & { readonly use: 'entry' })
  | { readonly use: 'pax' | 'long-name' | 'ignored'; readonly size: number };

/** Reads one block; undefined: it is all zeros, as at the end. Source: POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format". */
export function parseTarHeader(block: Uint8Array): TarHeader | undefined {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  if (bytes.every((byte) => byte === 0)) return undefined;
  if (!hasChecksum(bytes)) {
    throw new LayerFault('it is no tar, or compressed in another way than gzip and zstd', {
      mayBeTransfer: true,
    });
  }
  const type = String.fromCharCode(bytes[156] ?? 0);
  const size = numberAt(bytes, 124, 12);
  if (type === 'x') return { use: 'pax', size };
  if (type === 'L') return { use: 'long-name', size };
  if (type === 'g' || type === 'K') return { use: 'ignored', size };
  const path = pathOf(bytes);
  if (type === 'S') {
    throw new LayerFault(`${JSON.stringify(path)} is a sparse file in GNU's old format`);
  }
  const kind = kindOf(type, path);
  // Links, directories and devices have no data, whatever their size says.
  return { use: 'entry', path, kind, size: /^[1-6]$/.test(type) ? 0 : size };
}

/** Of a pax header what matters here: the path and the size of the next entry. Source: POSIX.1-2017, pax, "pax Extended Header". */
export function parsePaxRecords(data: Buffer): { readonly path?: string; readonly size?: number } {
  const found: { path?: string; size?: number } = {};
  let offset = 0;
  while (offset < data.length) {
    const space = data.indexOf(0x20, offset);
    const length = space < 0 ? NaN : Number(data.toString('latin1', offset, space));
    const end = offset + length;
    if (!Number.isSafeInteger(length) || end > data.length || end <= space + 1) {
      throw new LayerFault('an extended header is broken');
    }
    const record = data.toString('utf8', space + 1, end - 1);
    const equals = record.indexOf('=');
    const [key, value] = [record.slice(0, equals), record.slice(equals + 1)];
    if (key === 'path' && value !== '') found.path = value;
    if (key.startsWith('GNU.sparse.')) throw new LayerFault('a sparse file is in it');
    if (key === 'size') {
      if (!/^\d{1,15}$/.test(value)) throw new LayerFault('an extended header is broken');
      found.size = Number(value);
    }
    offset = end;
  }
  return found;
}

/** The text before the first NUL. */
export function textBefore(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

function kindOf(type: string, path: string): TarKind {
  if (type === '5') return 'directory';
  if (type !== '0' && type !== '\0' && type !== '7') return 'other';
  return path.endsWith('/') ? 'directory' : 'file';
}

function pathOf(bytes: Buffer): string {
  const name = textBefore(bytes.subarray(0, 100));
  // GNU's own format has other fields where the prefix is.
  const isPosix = bytes.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? textBefore(bytes.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function hasChecksum(bytes: Buffer): boolean {
  let sum = 0;
  for (let index = 0; index < TAR_BLOCK; index += 1) {
    sum += index >= 148 && index < 156 ? 0x20 : (bytes[index] ?? 0);
  }
  return sum === octal(bytes.subarray(148, 156));
}

/** A number in octal digits, or in GNU's binary notation. */
function numberAt(bytes: Buffer, start: number, length: number): number {
  const field = bytes.subarray(start, start + length);
  const isBinary = ((field[0] ?? 0) & 0x80) !== 0;
  const value = isBinary
    ? field.subarray(1).reduce((sum, byte) => sum * 256 + byte, (field[0] ?? 0) & 0x7f)
    : octal(field);
  if (value === undefined || !Number.isSafeInteger(value) || value > LAYER_LIMITS.layerBytes) {
    throw new LayerFault('an entry has a size that cannot be', { mayBeTransfer: true });
  }
  return value;
}

function octal(field: Buffer): number | undefined {
  const digits = textBefore(field).trim();
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits === '' ? '0' : digits, 8) : undefined;
}
