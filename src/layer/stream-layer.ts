import type { Descriptor } from '../oci/descriptor.ts';
import type { ImageSource } from '../oci/ends.ts';
import { verified } from '../oci/verified.ts';
import { LayerFault } from './layer-fault.ts';
import { LAYER_LIMITS } from './limits.ts';
import { unpacked } from './unpack-layer.ts';

/**
 * Reads a layer once, from its beginning to its end, and gives its tar to `take` piece by piece. When it returns, the
 * layer had its digest.
 * @throws LayerFault for what is wrong with the layer, and what `take` throws; ControllerError BLOB_CORRUPT where
 *   something on the way broke it; what the source throws
 */
export async function streamLayer(
  layer: Descriptor,
  source: ImageSource,
  take: (chunk: Uint8Array) => void | Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  if (layer.size > LAYER_LIMITS.layerBytes) {
    throw new LayerFault(`it has ${layer.size} bytes, more than ${LAYER_LIMITS.layerBytes}`);
  }
  try {
    await using body = await source.openBlob(layer, signal);
    for await (const chunk of unpacked(verified(body, layer))) {
      signal.throwIfAborted();
      await take(chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LayerFault && error.mayBeTransfer) {
      await checkDigest(layer, source, signal);
    }
    throw error;
  }
}

/** @throws ControllerError BLOB_CORRUPT where it was the way here that broke the layer. */
async function checkDigest(
  layer: Descriptor,
  source: ImageSource,
  signal: AbortSignal,
): Promise<void> {
  await using body = await source.openBlob(layer, signal);
  const chunks = verified(body, layer);
  for (let next = await chunks.next(); next.done !== true;) next = await chunks.next();
}
