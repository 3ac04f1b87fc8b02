import { gzipSync, zstdCompressSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Compression } from '../make-image.ts';

/** An entry of a layer, as it is written: names are not made safe, since tests want unsafe ones. */
export interface LayerEntry {
  readonly name: string;
  /** Of a file, which is what an entry without `type` is. */
  readonly content?: string | Uint8Array;
  readonly type?: 'directory' | 'symlink' | 'link';
  /** Of a symbolic or hard link. */
  readonly target?: string;
}

/** Files with their folders before them, as a build writes them. */
export function filesToEntries(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): LayerEntry[] {
  const entries = new Map<string, LayerEntry>();
  for (const [path, content] of Object.entries(files)) {
    const parts = [...folder.split('/'), ...path.split('/')].filter((part) => part !== '');
    for (let depth = 1; depth < parts.length; depth += 1) {
      const name = parts.slice(0, depth).join('/');
      entries.set(name, { name, type: 'directory' });
    }
    const name = parts.join('/');
    entries.set(name, { name, content });
  }
  return [...entries.values()];
}

/** The uncompressed tar of a layer. Same entries, same bytes. */
export async function makeLayerTar(entries: readonly LayerEntry[]): Promise<Buffer> {
  const tar = pack();
  for (const { name, content = '', type, target } of entries) {
    const header = { name, mtime: new Date(0), mode: type === 'directory' ? 0o755 : 0o644 };
    if (type === undefined) tar.entry(header, Buffer.from(content));
    else tar.entry({ ...header, type, ...(target === undefined ? {} : { linkname: target }) });
  }
  tar.finalize();
  return Buffer.concat(await Array.fromAsync(tar as AsyncIterable<Buffer>));
}

export function compressLayer(tar: Buffer, compression: Compression): Buffer {
  switch (compression) {
    case 'gzip':
      return gzipSync(tar);
    case 'zstd':
      return zstdCompressSync(tar);
    case 'none':
      return tar;
    default:
      return compression satisfies never;
  }
}
