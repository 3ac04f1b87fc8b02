import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import type { ImageSource } from '../../../src/oci/ends.ts';
import { type Manifest, parseManifest } from '../../../src/oci/manifest.ts';
import { verified } from '../../../src/oci/verified.ts';

/** An entry of a tar, as another implementation reads it. */
export interface ReadEntry {
  readonly name: string;
  readonly type: string | null | undefined;
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** Milliseconds. */
  readonly mtime: number;
  readonly text: string;
}

export async function readTar(bytes: Uint8Array): Promise<ReadEntry[]> {
  const unpack = extract();
  unpack.end(bytes);
  const entries: ReadEntry[] = [];
  for await (const entry of unpack) {
    const { name, type, mode, uid, gid, mtime } = entry.header;
    const text = Buffer.concat(await Array.fromAsync(entry as AsyncIterable<Buffer>)).toString();
    entries.push({ name, type, mode, uid, gid, mtime: mtime.getTime(), text });
  }
  return entries;
}

/** The entries of a gzip layer. */
export async function readLayer(source: ImageSource, layer: Descriptor): Promise<ReadEntry[]> {
  return readTar(gunzipSync(await readBlob(source, layer)));
}

export async function readBlob(source: ImageSource, blob: Descriptor): Promise<Buffer> {
  await using body = await source.openBlob(blob, new AbortController().signal);
  return Buffer.concat(await Array.fromAsync(verified(body, blob)));
}

export async function readJson(source: ImageSource, blob: Descriptor): Promise<unknown> {
  return JSON.parse((await readBlob(source, blob)).toString());
}

export async function readParsed(source: ImageSource, digest: Digest): Promise<Manifest> {
  const { signal } = new AbortController();
  return parseManifest(await source.readManifest({ kind: 'digest', digest }, signal), 'a test');
}

/** The images of an index, in its order. */
export async function readImages(
  source: ImageSource,
  digest: Digest,
): Promise<Extract<Manifest, { kind: 'image' }>[]> {
  const index = await readParsed(source, digest);
  if (index.kind !== 'index') throw new Error(`${digest} is no index`);
  const images = [];
  for (const child of index.manifests) {
    const image = await readParsed(source, child.digest);
    if (image.kind === 'image') images.push(image);
  }
  return images;
}

/** The item at that place, from the end where it is negative. */
export function at<T>(list: readonly T[], index: number): T {
  const item = list.at(index);
  if (item === undefined) throw new Error(`there is no item ${index}`);
  return item;
}
