import { createHash } from 'node:crypto';
import type { Platform } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';
import type { CatalogPackage, OtherDocument } from '../catalog-package.ts';
import type { Catalog } from '../catalog.ts';
import { writeContent } from '../../built/built-content.ts';
import { openBuiltImage } from '../../built/built-image.ts';
import { findBuilt, recordBuilt } from '../../built/build-record.ts';
import { configEntries } from './config-files.ts';
import { parseExactJson } from '../../built/exact-json.ts';
import { gzipped } from '../../built/gzipped.ts';
import { instanceIndex } from '../../built/instance-index.ts';
import { type BuiltLayer, rebuiltConfig, rebuiltManifest } from './rebuilt-instance.ts';
import { type SourceInstance, readInstances } from '../../built/source-instances.ts';
import { type TarEntry, tarOf } from '../../built/tar-of.ts';
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
 * @throws ControllerError CATALOG_INVALID, PLATFORM_NOT_FOUND, STORE_UNAVAILABLE, and what the source throws.
 */
export async function rebuildCatalog(
  options: RebuildOptions,
  signal: AbortSignal,
): Promise<BuiltCatalog> {
  const { catalog, source, platforms, inputs, folder } = options;
  const image = openBuiltImage(folder, source);
  const built = await findBuilt(folder, inputs, signal);
  if (built !== undefined) return { digest: built, image };

  const { instances } = await readInstances(source, catalog.digest, platforms, signal);
  const layers = [
    await buildLayer(folder, whiteoutEntries(catalog.configsFolder), signal),
    await buildLayer(folder, configEntries(CONFIGS_FOLDER, options, signal), signal),
  ];
  const entries = [];
  for (const instance of instances) {
    const { manifest, platform } = instance;
    const rebuilt = await rebuildInstance(instance, layers, source.name, folder, signal);
    entries.push({ ...rebuilt, mediaType: manifest.mediaType, platform });
  }
  const { digest } = await writeContent(folder, [instanceIndex(entries)], signal);
  await recordBuilt(folder, inputs, digest, signal);
  return { digest, image };
}

async function buildLayer(
  folder: string,
  entries: AsyncIterable<TarEntry> | Iterable<TarEntry>,
  signal: AbortSignal,
): Promise<BuiltLayer> {
  const hash = createHash('sha256');
  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of tarOf(entries, signal)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  const blob = await writeContent(folder, gzipped(hashed()), signal);
  return { ...blob, diffId: `sha256:${hash.digest('hex')}` as Digest };
}

async function rebuildInstance(
  { manifest, config }: SourceInstance,
  layers: readonly BuiltLayer[],
  sourceName: string,
  folder: string,
  signal: AbortSignal,
): Promise<{ readonly digest: Digest; readonly size: number }> {
  const where = `${sourceName}@${manifest.digest}`;
  const newConfig = await writeContent(folder, [rebuiltConfig(config, layers, where)], signal);
  const original = parseExactJson(Buffer.from(manifest.bytes).toString('utf8'), where);
  const bytes = rebuiltManifest(original, manifest.mediaType, newConfig, layers);
  return writeContent(folder, [bytes], signal);
}
