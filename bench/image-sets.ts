import { createHash, randomBytes } from 'node:crypto';
import { type Descriptor } from '../src/oci/descriptor.ts';
import { type Digest, digestOf } from '../src/oci/digest.ts';
import { MEDIA_TYPES } from '../src/oci/media-types.ts';
import type { ImageTarget } from '../src/oci/ends.ts';
import { openStore } from '../src/store/open-store.ts';

/** A set of images in a storage folder, by `repository:tag`. */
export interface ImageSet {
  readonly name: string;
  readonly images: readonly string[];
  readonly bytes: number;
}

const MIB = 1024 * 1024;
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

/** `bytes` in 4 images of 5 random layers. */
export async function makeLargeSet(storage: string, bytes = 1024 * MIB): Promise<ImageSet> {
  const store = await openStore(storage);
  const layerBytes = Math.floor(bytes / 20);
  const images: string[] = [];
  for (let image = 0; image < 4; image += 1) {
    const target = store.target(`large/image-${image}`);
    const layers: Descriptor[] = [];
    for (let layer = 0; layer < 5; layer += 1) layers.push(await putRandom(target, layerBytes));
    await putImage(target, layers, `large ${image}`);
    images.push(`large/image-${image}:1`);
  }
  return { name: `${bytes / MIB} MiB in 4 images of 5 layers`, images, bytes };
}

/** 200 images of 10 layers of 30 KB, 7 of them shared by ten images each. */
export async function makeSmallSet(storage: string, count = 200): Promise<ImageSet> {
  const store = await openStore(storage);
  const images: string[] = [];
  let shared: Buffer[] = [];
  let bytes = 0;
  for (let image = 0; image < count; image += 1) {
    if (image % 10 === 0) shared = Array.from({ length: 7 }, () => randomBytes(30_000));
    const target = store.target(`small/image-${image}`);
    const layers: Descriptor[] = [];
    const own = Array.from({ length: 3 }, () => randomBytes(30_000));
    for (const layer of [...shared, ...own]) layers.push(await putBytes(target, layer, LAYER));
    await putImage(target, layers, `small ${image}`);
    images.push(`small/image-${image}:1`);
    bytes += 10 * 30_000;
  }
  return { name: `${count} images of 10 small layers`, images, bytes };
}

/** One image of one layer. */
export async function makeSingleLayer(storage: string, bytes: number): Promise<ImageSet> {
  const store = await openStore(storage);
  const target = store.target('single/image');
  await putImage(target, [await putRandom(target, bytes)], 'single');
  return { name: `one layer of ${bytes / MIB} MiB`, images: ['single/image:1'], bytes };
}

async function putImage(
  target: ImageTarget,
  layers: readonly Descriptor[],
  name: string,
): Promise<void> {
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: { Labels: { name } },
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    }),
  );
  const descriptor = await putBytes(target, config, MEDIA_TYPES.ociConfig);
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      config: descriptor,
      layers,
    }),
  );
  const manifest = { bytes, mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(bytes) };
  await target.putManifest(manifest, { kind: 'tag', tag: '1' }, NEVER);
}

async function putBytes(
  target: ImageTarget,
  bytes: Buffer,
  mediaType: string,
): Promise<Descriptor> {
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  await put(target, descriptor, () => [bytes]);
  return descriptor;
}

/** Random bytes, made twice from a small seed so that they are never held whole. */
async function putRandom(target: ImageTarget, size: number): Promise<Descriptor> {
  const seed = randomBytes(MIB);
  function* chunks(): Generator<Buffer> {
    for (let at = 0, index = 0; at < size; at += MIB, index += 1) {
      const chunk = Buffer.from(seed.subarray(0, Math.min(MIB, size - at)));
      chunk.writeUInt32LE(index);
      yield chunk;
    }
  }
  const hash = createHash('sha256');
  for (const chunk of chunks()) hash.update(chunk);
  const digest = `sha256:${hash.digest('hex')}` as Digest;
  const descriptor = { mediaType: LAYER, digest, size };
  await put(target, descriptor, chunks);
  return descriptor;
}

async function put(
  target: ImageTarget,
  blob: Descriptor,
  chunks: () => Iterable<Buffer>,
): Promise<void> {
  const upload = await target.beginBlob(blob, { from: target.repository }, NEVER);
  await upload?.finish(asAsync(chunks()), NEVER);
}

async function* asAsync(chunks: Iterable<Buffer>): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    await Promise.resolve();
    yield chunk;
  }
}

const NEVER = new AbortController().signal;
