import { createHash } from 'node:crypto';
import { ControllerError } from '../base/controller-error.ts';
import type { Digest } from '../oci/digest.ts';
import { MEDIA_TYPES } from '../oci/media-types.ts';
import { type WrittenContent, writeContent } from './built-content.ts';
import {
  type ExactJson,
  exactJson,
  fieldOf,
  formatExactJson,
  itemsOf,
  parseExactJson,
  withField,
} from './exact-json.ts';
import { gzipped } from './gzipped.ts';
import { instanceIndex } from './instance-index.ts';
import type { SourceInstance } from './source-instances.ts';
import { type TarEntry, tarOf } from './tar-of.ts';

/** A layer that was built: the blob, and the digest of the tar in it. */
export interface BuiltLayer extends WrittenContent {
  readonly diffId: Digest;
}

/** A time that is the same for everybody; `created` of the image stays what it is. */
const HISTORY_TIME = '1970-01-01T00:00:00Z';

/** Writes a layer of the entries, in their order. @throws ControllerError STORE_UNAVAILABLE, and what the entries throw */
export async function buildLayer(
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

export interface AddLayersOptions {
  /** What the layers go on top of. */
  readonly instances: readonly SourceInstance[];
  /** Where the instances are, for messages. */
  readonly sourceName: string;
  readonly layers: readonly BuiltLayer[];
  /** What else is changed in each config. */
  readonly changeConfig: (config: ExactJson) => ExactJson;
  /** Where the layers are, and what is written here. */
  readonly folder: string;
}

/**
 * An index of the instances with the layers on top. All else of configs and manifests stays as it is written.
 * @returns the digest of the index
 * @throws ControllerError MANIFEST_INVALID for a config that is none of an image, STORE_UNAVAILABLE
 */
export async function addLayers(
  { instances, sourceName, layers, changeConfig, folder }: AddLayersOptions,
  signal: AbortSignal,
): Promise<Digest> {
  const entries = [];
  for (const { manifest, config, platform } of instances) {
    const where = `${sourceName}@${manifest.digest}`;
    const changed = changeConfig(withDiffIds(config, layers, where));
    const written = await writeJson(folder, changed, signal);
    const original = parseExactJson(Buffer.from(manifest.bytes).toString('utf8'), where);
    const { mediaType } = manifest;
    const onTop = withLayers(original, mediaType, written, layers);
    entries.push({ ...(await writeJson(folder, onTop, signal)), mediaType, platform });
  }
  return (await writeContent(folder, [instanceIndex(entries)], signal)).digest;
}

function withDiffIds(original: ExactJson, layers: readonly BuiltLayer[], where: string): ExactJson {
  const rootfs = fieldOf(original, 'rootfs');
  if (fieldOf(rootfs, 'diff_ids')?.kind !== 'array') {
    throw new ControllerError('MANIFEST_INVALID', `${where} has a config without rootfs.diff_ids`, {
      remedy: 'wait-for-change',
      hint: 'Check that this is a container image; ask whoever made it.',
    });
  }
  const diffIds = layers.map(({ diffId }) => exactJson(diffId));
  const config = withField(original, 'rootfs', withItems(rootfs, 'diff_ids', diffIds));
  // Where the source tells no history, one of the new layers alone would not fit its layers.
  if (fieldOf(config, 'history')?.kind !== 'array') return config;
  const step = exactJson({ created: HISTORY_TIME, created_by: 'imageset-controller' });
  const steps = layers.map(() => step);
  return withItems(config, 'history', steps);
}

function withLayers(
  original: ExactJson,
  mediaType: string,
  config: WrittenContent,
  layers: readonly BuiltLayer[],
): ExactJson {
  const configType = fieldOf(fieldOf(original, 'config'), 'mediaType') ?? exactJson('');
  const layerType =
    mediaType === MEDIA_TYPES.dockerManifest
      ? 'application/vnd.docker.image.rootfs.diff.tar.gzip'
      : 'application/vnd.oci.image.layer.v1.tar+gzip';
  const descriptor: ExactJson = withField(
    exactJson({ mediaType: '', digest: config.digest, size: config.size }),
    'mediaType',
    configType,
  );
  const added = layers.map(({ digest, size }) => exactJson({ mediaType: layerType, digest, size }));
  // Said in the content too, since a file on disk has no content type.
  const typed = withField(original, 'mediaType', exactJson(mediaType));
  return withItems(withField(typed, 'config', descriptor), 'layers', added);
}

function withItems(
  json: ExactJson | undefined,
  name: string,
  added: readonly ExactJson[],
): ExactJson {
  return withField(json, name, { kind: 'array', items: [...itemsOf(json, name), ...added] });
}

function writeJson(folder: string, json: ExactJson, signal: AbortSignal): Promise<WrittenContent> {
  return writeContent(folder, [Buffer.from(formatExactJson(json))], signal);
}
