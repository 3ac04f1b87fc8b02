import { rm } from 'node:fs/promises';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { storeFailure } from '../../store/store-failure.ts';
import { catalogInvalid } from './catalog-invalid.ts';
import { writeThenRename } from '../../store/checked-file.ts';
import { collectLayer } from './collect-layer.ts';
import { openContentWriter } from './content-writer.ts';
import { type LayerContent, contentFile, layerKey, loadLayer, saveLayer } from './layer-content.ts';
import { LayerFault } from '../../layer/layer-fault.ts';
import { streamLayer } from '../../layer/stream-layer.ts';
import { resolveUnclear } from './resolve-unclear.ts';

export interface LayerOptions {
  readonly source: ImageSource;
  /** Of the catalog, for messages. */
  readonly name: string;
  readonly configsFolder: string;
  /** The cache. */
  readonly folder: string;
}

/**
 * What a layer holds of the folder of the configs: as it was remembered, or read from the source in one pass.
 * What is kept was verified.
 * @throws ControllerError CATALOG_INVALID where the layer is broken or refused, BLOB_CORRUPT, and what the source throws
 */
export async function readLayer(
  layer: Descriptor,
  options: LayerOptions,
  signal: AbortSignal,
): Promise<LayerContent> {
  const { folder, configsFolder, name } = options;
  const key = layerKey(layer.digest, configsFolder);
  const known = await loadLayer(folder, key, signal);
  if (known !== undefined) return known;
  try {
    return await fetchLayer(layer, key, options, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof LayerFault)) throw storeFailure(error, `writing ${folder}`);
    throw catalogInvalid(
      `${name}: layer ${layer.digest} cannot be read: ${error.message}`,
      'The image is broken, or is no catalog: tell who builds it.',
      error,
    );
  }
}

async function fetchLayer(
  layer: Descriptor,
  key: string,
  { source, folder, configsFolder }: LayerOptions,
  signal: AbortSignal,
): Promise<LayerContent> {
  const path = contentFile(folder, key);
  const content = await writeThenRename(path, async (temporary): Promise<LayerContent> => {
    const writer = await openContentWriter(temporary);
    try {
      const collected = collectLayer(configsFolder, writer);
      const take = async (chunk: Uint8Array): Promise<void> => {
        collected.feed(chunk);
        await writer.flush();
      };
      await streamLayer(layer, source, take, signal);
      const found = collected.finish();
      return { ...found, key, files: await resolveUnclear(temporary, found.files, signal) };
    } finally {
      await writer.close();
    }
  });
  if (content.bytes === 0) await rm(path, { force: true });
  await saveLayer(folder, content);
  return content;
}
