import { stat } from 'node:fs/promises';
import { type Log, silentLog } from '../../base/log.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { storeFailure } from '../../store/store-failure.ts';
import type { Catalog } from '../catalog.ts';
import { type CatalogIndex, loadIndex, parseIndex, saveIndex } from './catalog-index.ts';
import { createContentReader } from './content-files.ts';
import { indexLayers } from './index-layers.ts';
import { contentFile } from './layer-content.ts';
import { type PackageReading, readPackage, readRange } from './read-package.ts';

export interface CatalogOptions {
  readonly source: ImageSource;
  /** Of the catalog image: of its index, where it has several instances. */
  readonly digest: Digest;
  /** For messages, e.g. `quay.io/example/catalog@sha256:…`. */
  readonly name: string;
  /**
   * A cache that several processes may share and that may be removed at any time, in part too: `layers/` has
   * what layers hold, `catalogs/<digest>/` what is parsed. Nothing in it is ever changed.
   */
  readonly folder: string;
  readonly log?: Log;
}

/**
 * Opens an operator catalog (spec, operator-catalogs, sections 1 and 2). The first time its layers are read, each once
 * ever; after that the source is asked nothing.
 * @throws ControllerError CATALOG_INVALID where the image is no file-based catalog, or a file of it is broken (with file
 * and line); STORE_UNAVAILABLE where the cache cannot be written; what the source throws.
 */
export async function openCatalog(options: CatalogOptions, signal: AbortSignal): Promise<Catalog> {
  const { digest, name, folder, log = silentLog } = options;
  const index = (await knownIndex(options, signal)) ?? (await newIndex(options, signal));
  const files = index.layers.map(({ key, bytes }) => ({ path: contentFile(folder, key), bytes }));
  const content = createContentReader(files, { name, folder });
  const reading: PackageReading = { index, content, digest, name, folder, log };
  return {
    digest,
    name,
    configsFolder: index.configsFolder,
    files: index.files.map(({ path, syntax }) => ({ path, syntax })),
    packageNames: index.packageNames,
    globals: index.globals,
    readPackage: (packageName, packageSignal) => readPackage(packageName, reading, packageSignal),
    readDocument: (span, documentSignal) => readRange(span, reading, documentSignal),
  };
}

/** The index that was kept, if the documents that it is about were kept too. */
async function knownIndex(
  { folder, digest, name, log = silentLog }: CatalogOptions,
  signal: AbortSignal,
): Promise<CatalogIndex | undefined> {
  const index = await loadIndex(folder, digest, signal);
  if (index === undefined) return undefined;
  for (const { key, bytes } of index.layers) {
    const size = await stat(contentFile(folder, key)).then(
      (found) => found.size,
      () => undefined,
    );
    if (size === bytes) continue;
    log.debug({ catalog: name, layer: key }, 'documents of the catalog are gone, reading it again');
    return undefined;
  }
  return index;
}

async function newIndex(options: CatalogOptions, signal: AbortSignal): Promise<CatalogIndex> {
  const { folder, digest } = options;
  const bytes = await indexLayers(options, signal);
  try {
    await saveIndex(folder, digest, bytes);
  } catch (error) {
    throw storeFailure(error, `writing ${folder}`);
  }
  return parseIndex(bytes);
}
