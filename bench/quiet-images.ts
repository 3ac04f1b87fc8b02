import { randomBytes } from 'node:crypto';
import { type Descriptor } from '../src/oci/descriptor.ts';
import { digestOf } from '../src/oci/digest.ts';
import type { ImageTarget } from '../src/oci/ends.ts';
import { MEDIA_TYPES } from '../src/oci/media-types.ts';
import { openStore } from '../src/store/open-store.ts';

const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const LAYER_BYTES = 1000;
/** So many images share one layer. */
const SHARED_BY = 50;
const NEVER = new AbortController().signal;

/**
 * Tiny images in storage folders, written to disk as a registry has them: each with its own config and one layer
 * that others share. Image number `index` is `many/image-INDEX:1` below the folder's path.
 */
export async function makeTinyImages(
  count: number,
  folders: readonly { readonly storage: string; readonly path: string; readonly count: number }[],
): Promise<void> {
  const stores = await Promise.all(
    folders.map(async (folder) => ({ ...folder, store: await openStore(folder.storage) })),
  );
  let layer = randomBytes(LAYER_BYTES);
  for (let index = 0; index < count; index += 1) {
    if (index % SHARED_BY === 0) layer = randomBytes(LAYER_BYTES);
    for (const { store, path, count: most } of stores) {
      if (index < most) await putImage(store.target(`${path}many/image-${index}`), layer, index);
    }
  }
}

async function putImage(target: ImageTarget, layer: Buffer, index: number): Promise<void> {
  const layers = [await putBlob(target, layer, LAYER)];
  const image = {
    architecture: 'amd64',
    os: 'linux',
    config: { Labels: { index: String(index) } },
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
  };
  const config = await putBlob(target, Buffer.from(JSON.stringify(image)), MEDIA_TYPES.ociConfig);
  const mediaType = MEDIA_TYPES.ociManifest;
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers }));
  await target.putManifest(
    { bytes, mediaType, digest: digestOf(bytes) },
    { kind: 'tag', tag: '1' },
    NEVER,
  );
}

async function putBlob(target: ImageTarget, bytes: Buffer, mediaType: string): Promise<Descriptor> {
  const blob = { mediaType, digest: digestOf(bytes), size: bytes.length };
  const upload = await target.beginBlob(blob, { from: target.repository }, NEVER);
  await upload?.finish(only(bytes), NEVER);
  return blob;
}

async function* only(bytes: Buffer): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield bytes;
}
