import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { type MadeImage, makeIndex } from '../make-image.ts';

/** The image in an index, in an index, and so on. */
export function nested(image: MadeImage, depth: number): MadeImage {
  return depth === 0 ? image : nested(makeIndex([image]), depth - 1);
}

/** The image with one layer, of such bytes, in place of its own. */
export function withLayer(image: MadeImage, bytes: Uint8Array): MadeImage {
  const manifest = JSON.parse(Buffer.from(image.top.bytes).toString()) as { layers: object[] };
  const digest = digestOf(bytes);
  manifest.layers = [
    { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: bytes.length },
  ];
  return withManifest(image, manifest, new Map([[digest, bytes]]));
}

/** The image with its layers in other bytes. */
export function recompressed(
  image: MadeImage,
  layers: readonly { readonly plain: Digest; readonly bytes: Uint8Array }[],
): MadeImage {
  const manifest = JSON.parse(Buffer.from(image.top.bytes).toString()) as {
    layers: { digest: Digest; size: number }[];
  };
  const blobs = new Map<Digest, Uint8Array>();
  for (const layer of manifest.layers) {
    const found = layers.find(({ plain }) => plain === layer.digest);
    if (found === undefined) throw new Error('a layer without other bytes');
    layer.digest = digestOf(found.bytes);
    layer.size = found.bytes.length;
    blobs.set(layer.digest, found.bytes);
  }
  return withManifest(image, manifest, blobs);
}

function withManifest(
  image: MadeImage,
  manifest: object,
  blobs: ReadonlyMap<Digest, Uint8Array>,
): MadeImage {
  const bytes = Buffer.from(JSON.stringify(manifest));
  const top = { ...image.top, bytes, digest: digestOf(bytes) };
  const descriptor = { ...image.descriptor, digest: top.digest, size: bytes.length };
  return { top, manifests: [top], blobs: new Map([...image.blobs, ...blobs]), descriptor };
}

/** The image with another config. */
export function withConfig(image: MadeImage, config: Uint8Array): MadeImage {
  const manifest = JSON.parse(Buffer.from(image.top.bytes).toString()) as { config: object };
  manifest.config = { mediaType: 'text/plain', digest: digestOf(config), size: config.length };
  return withManifest(image, manifest, new Map([[digestOf(config), config]]));
}

/** A frame of zstd that has no content (RFC 8878, 3.1.2). */
export function skippable(size = 3): Buffer {
  const frame = Buffer.alloc(8 + size);
  frame.writeUInt32LE(0x184d2a50);
  frame.writeUInt32LE(size, 4);
  return frame;
}

/** The header of a file in a tar, whose content is not there. */
export function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(name);
  header.write(size.toString(8).padStart(11, '0'), 124);
  header.write('0', 156);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0`, 148);
  return header;
}
