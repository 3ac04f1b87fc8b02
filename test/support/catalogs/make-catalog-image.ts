import type { Descriptor, Platform } from '../../../src/oci/descriptor.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import type { ImageTarget } from '../../../src/oci/ends.ts';
import { MEDIA_TYPES } from '../../../src/oci/media-types.ts';
import {
  type Compression,
  type MadeImage,
  type MediaTypes,
  makeIndex,
  seededBytes,
} from '../make-image.ts';
import { putMadeImage } from './put-made-image.ts';
import { type LayerEntry, compressLayer, filesToEntries, makeLayerTar } from './tar-layer.ts';

export const CONFIGS_LABEL = 'operators.operatorframework.io.index.configs.v1';
export const DATABASE_LABEL = 'operators.operatorframework.io.index.database.v1';

/** The texts of a catalog by path below its configs folder. */
export type CatalogFiles = Readonly<Record<string, string | Uint8Array>>;

export interface CatalogOptions {
  readonly files: CatalogFiles;
  /** One: a single image; several: an index. Default: linux/amd64. */
  readonly platforms?: readonly Platform[];
  /** What the configs label says; `null`: no such label. Default `/configs`. */
  readonly label?: string | null;
  /** Where the files are in the image. Default: where the label says, else `/configs`. */
  readonly folder?: string;
  readonly compression?: Compression;
  readonly mediaTypes?: MediaTypes;
  /** Layers above the configs: whiteouts, replacements, what a test wants to be refused. */
  readonly extraLayers?: readonly (readonly LayerEntry[])[];
  /** A catalog of the older kind: the database and its label in place of the configs and theirs. */
  readonly database?: boolean;
}

/** A catalog image as `opm generate dockerfile` builds it (spec, operator-catalogs, 5.5), put under a tag. Same options, same digest. */
export async function makeCatalogImage(
  target: ImageTarget,
  { tag, ...options }: CatalogOptions & { readonly tag: string },
): Promise<Digest> {
  const image = await makeCatalog(options);
  await putMadeImage(target, image, tag);
  return image.top.digest;
}

/** The same in memory. */
export async function makeCatalog(options: CatalogOptions): Promise<MadeImage> {
  const platforms = options.platforms ?? [{ os: 'linux', architecture: 'amd64' }];
  const instances: MadeImage[] = [];
  for (const platform of platforms) instances.push(await makeInstance(platform, options));
  const [single] = instances;
  return single !== undefined && instances.length === 1
    ? single
    : makeIndex(instances, { mediaTypes: options.mediaTypes ?? 'oci' });
}

async function makeInstance(platform: Platform, options: CatalogOptions): Promise<MadeImage> {
  const {
    compression = 'gzip',
    mediaTypes = 'oci',
    label = '/configs',
    database = false,
  } = options;
  const blobs = new Map<Digest, Uint8Array>();
  const layers: Descriptor[] = [];
  const diffIds: Digest[] = [];
  for (const entries of layersOf(platform, options)) {
    const tar = await makeLayerTar(entries);
    diffIds.push(digestOf(tar));
    layers.push(
      addBlob(blobs, compressLayer(tar, compression), layerType(mediaTypes, compression)),
    );
  }
  const labels = {
    'io.example.vendor': 'Example',
    ...(database ? { [DATABASE_LABEL]: '/database/index.db' } : {}),
    ...(database || label === null ? {} : { [CONFIGS_LABEL]: label }),
  };
  const command = database
    ? ['registry', 'serve', '--database', '/database/index.db']
    : ['serve', '/configs', '--cache-dir=/tmp/cache'];
  const config = addBlob(
    blobs,
    json({
      architecture: platform.architecture,
      os: platform.os,
      created: '2024-05-06T07:08:09Z',
      author: 'Example',
      config: {
        Env: ['PATH=/bin'],
        Entrypoint: ['/bin/opm'],
        Cmd: command,
        Labels: labels,
        ExposedPorts: { '50051/tcp': {} },
      },
      rootfs: { type: 'layers', diff_ids: diffIds },
      history: diffIds.map((_, index) => ({
        created: '2024-05-06T07:08:09Z',
        created_by: `step ${index}`,
      })),
    }),
    mediaTypes === 'oci' ? MEDIA_TYPES.ociConfig : 'application/vnd.docker.container.image.v1+json',
  );
  const mediaType = mediaTypes === 'oci' ? MEDIA_TYPES.ociManifest : MEDIA_TYPES.dockerManifest;
  const bytes = json({ schemaVersion: 2, mediaType, config, layers });
  const top = { bytes, mediaType, digest: digestOf(bytes) };
  const descriptor = {
    mediaType,
    digest: top.digest,
    size: bytes.length,
    platform: { ...platform },
  };
  return { top, manifests: [top], blobs, descriptor };
}

/** Only the base differs between platforms, as in real catalogs: the configs are copied from one builder. */
function layersOf(platform: Platform, options: CatalogOptions): (readonly LayerEntry[])[] {
  const base = filesToEntries('', {
    'bin/opm': seededBytes(`opm ${platform.os}/${platform.architecture}`, 2000),
    'etc/nsswitch.conf': 'hosts: files dns\n',
  });
  const extra = options.extraLayers ?? [];
  if (options.database === true) {
    const file = { 'database/index.db': `SQLite format 3\0${'x'.repeat(500)}` };
    return [base, filesToEntries('', file), ...extra];
  }
  const folder = options.folder ?? options.label ?? '/configs';
  const cache = filesToEntries('tmp/cache', {
    'pogreb.v1/digest': '0123456789abcdef',
    'pogreb.v1/db/main.pix': seededBytes('cache', 500),
  });
  return [base, filesToEntries(folder, options.files), cache, ...extra];
}

function addBlob(blobs: Map<Digest, Uint8Array>, bytes: Uint8Array, mediaType: string): Descriptor {
  const digest = digestOf(bytes);
  blobs.set(digest, bytes);
  return { mediaType, digest, size: bytes.length };
}

function layerType(mediaTypes: MediaTypes, compression: Compression): string {
  const suffix = compression === 'none' ? '' : compression;
  return mediaTypes === 'oci'
    ? `application/vnd.oci.image.layer.v1.tar${suffix && `+${suffix}`}`
    : `application/vnd.docker.image.rootfs.diff.tar${suffix && `.${suffix}`}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
