import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { filesToEntries, makeLayerTar } from '../../test/support/catalogs/tar-layer.ts';
import { createMemoryRegistry } from '../../test/support/memory-ends.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import type { ImageSource } from '../oci/ends.ts';
import { LayerFault } from './layer-fault.ts';
import { LAYER_LIMITS } from './limits.ts';
import { streamLayer } from './stream-layer.ts';
import { createTarReader } from './tar-reader.ts';

const signal = new AbortController().signal;

/** A source with one blob, of which `arrives` arrives, in pieces of 512 bytes. */
function sourceOf(bytes: Buffer, arrives = bytes): { source: ImageSource; layer: Descriptor } {
  const digest = digestOf(bytes);
  const registry = createMemoryRegistry('r');
  registry.repository('a').blobs.set(digest, bytes);
  const pieces: Buffer[] = [];
  for (let at = 0; at < arrives.length; at += 512) pieces.push(arrives.subarray(at, at + 512));
  registry.deliver = () => Readable.from(pieces);
  const layer = { mediaType: 'x', digest, size: bytes.length };
  return { source: registry.source('a'), layer };
}

function readTar(): (chunk: Uint8Array) => void {
  const reader = createTarReader({
    entry: () => false,
    data: () => undefined,
    end: () => undefined,
  });
  return (chunk) => {
    reader.feed(chunk);
  };
}

async function tar(): Promise<Buffer> {
  return makeLayerTar(filesToEntries('', { a: 'x'.repeat(5000) }));
}

it('gives all of a layer, in its order', async () => {
  const bytes = await tar();
  const { source, layer } = sourceOf(bytes);
  const taken: Uint8Array[] = [];

  await streamLayer(layer, source, (chunk) => void taken.push(chunk), signal);

  expect(Buffer.concat(taken).equals(bytes)).toBe(true);
});

it('says that it was the transfer where other bytes arrive than the layer has', async () => {
  const bytes = await tar();
  const { source, layer } = sourceOf(bytes, Buffer.alloc(bytes.length, 1));

  await expect(streamLayer(layer, source, readTar(), signal)).rejects.toMatchObject({
    code: 'BLOB_CORRUPT',
  });
});

it('says that it is the layer where it arrives as it is', async () => {
  const { source, layer } = sourceOf(Buffer.alloc(5000, 1));

  await expect(streamLayer(layer, source, readTar(), signal)).rejects.toThrow(LayerFault);
});

it('reads no layer that is larger than any', async () => {
  const { source, layer } = sourceOf(await tar());
  const huge = { ...layer, size: LAYER_LIMITS.layerBytes + 1 };

  await expect(streamLayer(huge, source, readTar(), signal)).rejects.toThrow(
    /more than 34359738368$/,
  );
});

it('ends with the signal', async () => {
  const { source, layer } = sourceOf(await tar());
  const stop = new AbortController();
  let pieces = 0;
  const take = (): void => {
    pieces += 1;
    stop.abort(new Error('stopped'));
  };

  await expect(streamLayer(layer, source, take, stop.signal)).rejects.toThrow('stopped');
  expect(pieces).toBe(1);
});
