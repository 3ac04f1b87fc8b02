import { type Log, silentLog } from '../../base/log.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { type CatalogIndex, makeIndex } from './catalog-index.ts';
import { catalogInvalid, invalidFile } from './catalog-invalid.ts';
import { isIgnoreFile } from './collect-layer.ts';
import { type ContentReader, createContentReader } from './content-files.ts';
import { findInstance } from './find-instance.ts';
import { type VisibleFile, flattenLayers } from './flatten-layers.ts';
import { type IgnorePattern, isIgnored, parseIgnorePatterns } from './ignore-patterns.ts';
import { type LayerContent, contentFile } from './layer-content.ts';
import { LIMITS } from './limits.ts';
import { lineAt } from './line-at.ts';
import { readLayer } from './read-layer.ts';

/** A catalog image, and the cache. */
export interface LayersToIndex {
  readonly source: ImageSource;
  readonly digest: Digest;
  readonly name: string;
  readonly folder: string;
  readonly log?: Log;
}

/** Reads the layers of a catalog image that are not known yet, and makes the index of what they show. */
export async function indexLayers(options: LayersToIndex, signal: AbortSignal): Promise<Buffer> {
  const { source, digest, name, folder, log = silentLog } = options;
  const instance = await findInstance(source, digest, name, signal);
  const { configsFolder } = instance;
  const layers: LayerContent[] = [];
  for (const layer of instance.layers.toReversed()) {
    const content = await readLayer(layer, { source, name, folder, configsFolder }, signal);
    log.debug(
      { catalog: name, layer: layer.digest, files: content.files.length, bytes: content.bytes },
      'layer of the catalog read',
    );
    layers.push(content);
    // Nobody sees what is below, so nobody reads it.
    if (content.hidesAll) break;
  }
  const contents = layers.map(({ key, bytes }) => ({ path: contentFile(folder, key), bytes }));
  const reader = createContentReader(contents, { name, folder });
  const visible = flattenLayers(layers);
  const patterns = await readIgnoreFiles(visible, reader, signal);
  if (patterns.length > LIMITS.ignorePatterns) {
    throw catalogInvalid(
      `${name} has ${patterns.length} patterns in its .indexignore files`,
      `At most ${LIMITS.ignorePatterns} are read: put the documents into a folder of their own.`,
    );
  }
  const files = visible.filter(({ path }) => !isIgnoreFile(path) && !isIgnored(path, patterns));
  const broken = files.find(({ fault }) => fault !== undefined);
  if (broken?.fault !== undefined) {
    const { offset, message } = broken.fault;
    const line = await lineAt(reader, broken, offset, signal);
    throw invalidFile({ name, configsFolder }, broken.path, line, message);
  }
  if (files.every(({ documents }) => documents.length === 0)) {
    throw catalogInvalid(
      `${name} has no documents in /${configsFolder}, the folder that its label names`,
      'The catalog is empty: tell who builds it. Links are not followed.',
    );
  }
  return makeIndex({ configsFolder, ...withUsedLayers(files, layers) });
}

async function readIgnoreFiles(
  files: readonly VisibleFile[],
  reader: ContentReader,
  signal: AbortSignal,
): Promise<IgnorePattern[]> {
  // Outer directories first: what an inner one says counts more.
  const found = files
    .filter(({ path }) => isIgnoreFile(path))
    .sort((a, b) => a.path.split('/').length - b.path.split('/').length);
  const patterns: IgnorePattern[] = [];
  for (const { path, layer, start, size } of found) {
    const text = (await reader.read(layer, start, start + size, signal)).toString('utf8');
    patterns.push(...parseIgnorePatterns(text, path.slice(0, Math.max(0, path.lastIndexOf('/')))));
  }
  return patterns;
}

/** Most layers of an image have nothing of the catalog. */
function withUsedLayers(
  files: readonly VisibleFile[],
  layers: readonly LayerContent[],
): { readonly files: VisibleFile[]; readonly layers: CatalogIndex['layers'] } {
  const used = [...new Set(files.map(({ layer }) => layer))].sort((a, b) => a - b);
  return {
    files: files.map((file) => ({ ...file, layer: used.indexOf(file.layer) })),
    layers: used.flatMap((index) => {
      const layer = layers[index];
      return layer === undefined ? [] : [{ key: layer.key, bytes: layer.bytes }];
    }),
  };
}
