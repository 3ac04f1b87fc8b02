import { Readable } from 'node:stream';
import { ControllerError } from '../../../src/base/controller-error.ts';
import type { Catalog } from '../../../src/catalog/catalog.ts';
import { openCatalog } from '../../../src/catalog/read/open-catalog.ts';
import type { MadeImage } from '../make-image.ts';
import { createMemoryRegistry } from '../memory-ends.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** Opens an image as a catalog; `deliver`: what its layers are on their way. */
export async function openMade(
  image: MadeImage,
  deliver?: (bytes: Uint8Array) => Uint8Array,
): Promise<{ readonly catalog: Catalog; opened(): string[] } & AsyncDisposable> {
  const registry = createMemoryRegistry('r');
  registry.add('c', image, 'v1');
  if (deliver !== undefined) {
    // The config arrives as it is.
    registry.deliver = (bytes) => {
      const delivered = bytes[0] === 0x7b ? bytes : deliver(bytes);
      const pieces = [];
      for (let at = 0; at < delivered.length; at += 50_000)
        pieces.push(delivered.subarray(at, at + 50_000));
      return Readable.from(pieces);
    };
  }
  const folder = await temporaryFolder();
  const options = {
    source: registry.source('c'),
    digest: image.top.digest,
    name: 'r/c:v1',
    folder: folder.path,
  };
  try {
    const catalog = await openCatalog(options, new AbortController().signal);
    return {
      catalog,
      opened: () => registry.requested('open'),
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

/** Why an image is refused as a catalog. */
export async function refusal(
  image: MadeImage,
  deliver?: (bytes: Uint8Array) => Uint8Array,
): Promise<ControllerError> {
  const error: unknown = await openMade(image, deliver).catch((thrown: unknown) => thrown);
  if (error instanceof ControllerError) return error;
  throw error instanceof Error ? error : new Error('the catalog was not refused');
}
