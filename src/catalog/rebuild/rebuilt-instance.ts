import type { Digest } from '../../oci/digest.ts';
import { MEDIA_TYPES } from '../../oci/media-types.ts';
import { ControllerError } from '../../base/controller-error.ts';
import type { WrittenContent } from '../../built/built-content.ts';
import {
  type ExactJson,
  exactJson,
  fieldOf,
  formatExactJson,
  itemsOf,
  withField,
} from '../../built/exact-json.ts';
import { CONFIGS_FOLDER } from './whiteouts.ts';

/** A layer that was built: the blob, and the digest of the tar in it. */
export interface BuiltLayer extends WrittenContent {
  readonly diffId: Digest;
}

const CONFIGS_LABEL = 'operators.operatorframework.io.index.configs.v1';
/** A time that is the same for everybody; `created` of the image stays what it is. */
const HISTORY_TIME = '1970-01-01T00:00:00Z';

/**
 * The config of an image with the layers added and the configs served from where they are now, without the cache
 * that was made of others; everything else stays as it is written (spec, operator-catalogs, 5.2).
 *
 * @throws ControllerError CATALOG_INVALID where it is no config of an image.
 */
export function rebuiltConfig(
  original: ExactJson,
  layers: readonly BuiltLayer[],
  where: string,
): Buffer {
  const rootfs = fieldOf(original, 'rootfs');
  if (fieldOf(rootfs, 'diff_ids')?.kind !== 'array') {
    throw new ControllerError('CATALOG_INVALID', `${where} has a config without rootfs.diff_ids`, {
      remedy: 'wait-for-change',
      hint: 'Check that this is a container image; ask whoever made it.',
    });
  }
  const diffIds = layers.map(({ diffId }) => exactJson(diffId));
  let config = withField(original, 'rootfs', withItems(rootfs, 'diff_ids', diffIds));
  // Where the source tells no history, one of the new layers alone would not fit its layers.
  if (fieldOf(config, 'history')?.kind === 'array') {
    const step = exactJson({ created: HISTORY_TIME, created_by: 'imageset-controller' });
    config = withItems(
      config,
      'history',
      layers.map(() => step),
    );
  }
  const folder = `/${CONFIGS_FOLDER}`;
  const settings = fieldOf(config, 'config');
  const labels = withField(fieldOf(settings, 'Labels'), CONFIGS_LABEL, exactJson(folder));
  const command = withField(settings, 'Cmd', exactJson(['serve', folder]));
  config = withField(config, 'config', withField(command, 'Labels', labels));
  return Buffer.from(formatExactJson(config));
}

/** The manifest of an image with another config and the layers added; annotations and all else stay. */
export function rebuiltManifest(
  original: ExactJson,
  mediaType: string,
  config: WrittenContent,
  layers: readonly BuiltLayer[],
): Buffer {
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
  return Buffer.from(
    formatExactJson(withItems(withField(typed, 'config', descriptor), 'layers', added)),
  );
}

function withItems(
  json: ExactJson | undefined,
  name: string,
  added: readonly ExactJson[],
): ExactJson {
  return withField(json, name, { kind: 'array', items: [...itemsOf(json, name), ...added] });
}
