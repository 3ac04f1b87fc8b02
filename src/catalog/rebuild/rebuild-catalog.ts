import type { Platform } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';
import type { CatalogPackage, OtherDocument } from '../catalog-package.ts';
import type { Catalog } from '../catalog.ts';
import { addLayers, buildLayer } from '../../built/add-layers.ts';
import { openBuiltImage } from '../../built/built-image.ts';
import { recordBuilt } from '../../built/build-record.ts';
import { configEntries } from './config-files.ts';
import { readInstances } from '../../built/source-instances.ts';
import { findRebuilt } from './find-rebuilt.ts';
import { servedConfig } from './served-config.ts';
import { CONFIGS_FOLDER, whiteoutEntries } from './whiteouts.ts';

/** A catalog of our own, and where its parts are read from. */
export interface BuiltCatalog {
  /** Of its index. */
  readonly digest: Digest;
  readonly image: ImageSource;
}

export interface RebuildOptions {
  /** The catalog that was filtered. */
  readonly catalog: Catalog;
  /** Where its image is. */
  readonly source: ImageSource;
  readonly packages: readonly CatalogPackage[];
  readonly globals: readonly OtherDocument[];
  /** Only these instances; absent: all. */
  readonly platforms?: readonly Platform[] | undefined;
  /** What all of the above is made from (`catalogInputs`): of equal inputs nothing is built again. */
  readonly inputs: Digest;
  /** Keeps what was built; can be thrown away at any time. */
  readonly folder: string;
}

/**
 * Builds the image of a filtered catalog: each image of the source with two layers on top, one that hides its
 * configs and serving cache and one with the new configs, under an index (spec, operator-catalogs, 5.2). A pure
 * function of the inputs: no times, owners, modes or compressors of this machine are in it.
 *
 * @throws ControllerError CATALOG_INVALID, MANIFEST_INVALID, PLATFORM_NOT_FOUND, STORE_UNAVAILABLE, and what the source throws.
 */
export async function rebuildCatalog(
  options: RebuildOptions,
  signal: AbortSignal,
): Promise<BuiltCatalog> {
  const { catalog, source, platforms, inputs, folder } = options;
  const image = openBuiltImage(folder, source);
  const built = await findRebuilt(folder, inputs, signal);
  if (built !== undefined) return { digest: built, image };

  const { instances } = await readInstances(source, catalog.digest, platforms, signal);
  const layers = [
    await buildLayer(folder, whiteoutEntries(catalog.configsFolder), signal),
    await buildLayer(folder, configEntries(CONFIGS_FOLDER, options, signal), signal),
  ];
  const added = { instances, sourceName: source.name, layers, changeConfig: servedConfig, folder };
  const digest = await addLayers(added, signal);
  await recordBuilt(folder, inputs, digest, signal);
  return { digest, image };
}
