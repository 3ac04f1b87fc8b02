import type { Descriptor, Platform } from '../../../src/oci/descriptor.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { MEDIA_TYPES } from '../../../src/oci/media-types.ts';
import { type LayerEntry, compressLayer, makeLayerTar } from '../catalogs/tar-layer.ts';
import type { Compression, MadeImage, MediaTypes } from '../make-image.ts';

export interface LayeredImageOptions {
  /** The lowest first. Bytes: a layer as it is, however broken. */
  readonly layers: readonly (readonly LayerEntry[] | Uint8Array)[];
  readonly platform?: Platform;
  readonly mediaTypes?: MediaTypes;
  readonly compression?: Compression;
  readonly labels?: Readonly<Record<string, string>>;
}

/** An image whose layers have these entries. Same options, same bytes. */
export async function makeLayeredImage(options: LayeredImageOptions): Promise<MadeImage> {
  const { mediaTypes = 'docker', compression = 'gzip', labels = {} } = options;
  const platform: Platform = options.platform ?? { os: 'linux', architecture: 'amd64' };
  const { os, architecture } = platform;
  const blobs = new Map<Digest, Uint8Array>();
  const layers: Descriptor[] = [];
  const diffIds: Digest[] = [];
  for (const layer of options.layers) {
    let tar: Buffer;
    let blob: Buffer;
    if (layer instanceof Uint8Array) tar = blob = Buffer.from(layer);
    else {
      tar = await makeLayerTar(layer);
      blob = compressLayer(tar, compression);
    }
    diffIds.push(digestOf(tar));
    layers.push(addBlob(blobs, blob, layerType(mediaTypes, compression)));
  }
  const text = JSON.stringify({
    ...{ architecture, os },
    created: '2024-05-06T07:08:09Z',
    config: { Env: ['PATH=/bin'], Cmd: ['/bin/sh'], Labels: labels },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: diffIds.map((_, index) => ({
      created: '2024-05-06T07:08:09Z',
      created_by: `step ${index}`,
    })),
  });
  const isOci = mediaTypes === 'oci';
  const configType = isOci
    ? MEDIA_TYPES.ociConfig
    : 'application/vnd.docker.container.image.v1+json';
  const config = addBlob(blobs, Buffer.from(text), configType);
  const mediaType = isOci ? MEDIA_TYPES.ociManifest : MEDIA_TYPES.dockerManifest;
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers }));
  const top = { bytes, mediaType, digest: digestOf(bytes) };
  return {
    ...{ top, manifests: [top], blobs },
    descriptor: {
      ...{ mediaType, digest: top.digest, size: bytes.length },
      platform: { ...platform },
    },
  };
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
