import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Descriptor, Platform } from '../../src/oci/descriptor.ts';
import { type Digest, digestOf, digestTag } from '../../src/oci/digest.ts';
import type { ManifestBytes } from '../../src/oci/manifest.ts';
import { MEDIA_TYPES } from '../../src/oci/media-types.ts';

/** An image in memory, whole: what a test pushes, or compares with what arrived. */
export interface MadeImage {
  readonly top: ManifestBytes;
  /** Every manifest that is there, children before what names them; `top` is the last. */
  readonly manifests: readonly ManifestBytes[];
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
  /** Names `top`, with its platform where it has one. */
  readonly descriptor: Descriptor;
}

export type Compression = 'gzip' | 'zstd' | 'none';
export type MediaTypes = 'oci' | 'docker';

export interface LayerOptions {
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Adds a file of so many seeded bytes that do not compress. */
  readonly fillerBytes?: number;
}

export interface ImageOptions {
  /** Images with different seeds share no layer and no config. */
  readonly seed?: string;
  /** A number: so many small layers (default 2). */
  readonly layers?: number | readonly LayerOptions[];
  readonly platform?: Platform;
  readonly mediaTypes?: MediaTypes;
  readonly compression?: Compression;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** URLs of a foreign layer that is named but has no blob. */
  readonly foreignLayer?: readonly string[];
  readonly subject?: Descriptor;
}

/** A container image. Same options, same bytes. */
export async function makeImage(options: ImageOptions = {}): Promise<MadeImage> {
  const { seed = 'image', mediaTypes = 'oci', compression = 'gzip' } = options;
  const platform = options.platform ?? { os: 'linux', architecture: 'amd64' };
  const layers =
    typeof options.layers === 'object'
      ? options.layers
      : Array<LayerOptions>(options.layers ?? 2).fill({});
  const blobs = new Map<Digest, Uint8Array>();
  const descriptors: Descriptor[] = [];
  const diffIds: Digest[] = [];
  for (const [index, layer] of layers.entries()) {
    const tar = await makeTar(`${seed}/${index}`, layer);
    diffIds.push(digestOf(tar));
    descriptors.push(
      addBlob(blobs, compress(tar, compression), layerType(mediaTypes, compression)),
    );
  }
  if (options.foreignLayer !== undefined) {
    const content = seededBytes(`${seed}/foreign`, 100);
    diffIds.push(digestOf(content));
    const mediaType =
      mediaTypes === 'oci'
        ? 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'
        : 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
    descriptors.push({
      mediaType,
      digest: digestOf(content),
      size: content.length,
      urls: [...options.foreignLayer],
    });
  }
  const config = addBlob(
    blobs,
    json({
      architecture: platform.architecture,
      os: platform.os,
      config: { Labels: { seed, ...options.labels } },
      rootfs: { type: 'layers', diff_ids: diffIds },
    }),
    mediaTypes === 'oci' ? MEDIA_TYPES.ociConfig : 'application/vnd.docker.container.image.v1+json',
  );
  const mediaType = mediaTypes === 'oci' ? MEDIA_TYPES.ociManifest : MEDIA_TYPES.dockerManifest;
  const top = manifest(mediaType, {
    config,
    layers: descriptors,
    ...(options.subject === undefined ? {} : { subject: options.subject }),
    ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
  });
  return {
    top,
    manifests: [top],
    blobs,
    descriptor: { ...describe(top), platform: { ...platform } },
  };
}

export interface IndexOptions {
  readonly mediaTypes?: MediaTypes;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  /** Children that the index names without having them (a sparse index). */
  readonly absent?: readonly MadeImage[];
}

/** An index of images; an index may be a child too. */
export function makeIndex(children: readonly MadeImage[], options: IndexOptions = {}): MadeImage {
  const mediaType = options.mediaTypes === 'docker' ? MEDIA_TYPES.dockerList : MEDIA_TYPES.ociIndex;
  const top = manifest(mediaType, {
    ...(options.artifactType === undefined ? {} : { artifactType: options.artifactType }),
    manifests: [...children, ...(options.absent ?? [])].map(({ descriptor }) => descriptor),
    ...(options.subject === undefined ? {} : { subject: options.subject }),
    ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
  });
  const manifests = new Map(
    children.flatMap((child) => child.manifests).map((one) => [one.digest, one]),
  );
  const blobs = new Map(children.flatMap((child) => [...child.blobs]));
  return { top, manifests: [...manifests.values(), top], blobs, descriptor: describe(top) };
}

export interface ArtifactOptions {
  readonly artifactType: string;
  readonly layers: readonly {
    readonly mediaType: string;
    readonly content: string | Uint8Array;
    readonly annotations?: Readonly<Record<string, string>>;
  }[];
  /** Default: the empty config of the OCI image-spec. */
  readonly config?: { readonly mediaType: string; readonly content: string };
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A manifest that is no container image (OCI image-spec, "Guidelines for Artifact Usage"). */
export function makeArtifact(options: ArtifactOptions): MadeImage {
  const blobs = new Map<Digest, Uint8Array>();
  const { mediaType, content } = options.config ?? {
    mediaType: MEDIA_TYPES.ociEmpty,
    content: '{}',
  };
  const config = addBlob(blobs, Buffer.from(content), mediaType);
  const layers = options.layers.map((layer) => ({
    ...addBlob(blobs, Buffer.from(layer.content), layer.mediaType),
    ...(layer.annotations === undefined ? {} : { annotations: layer.annotations }),
  }));
  const top = manifest(MEDIA_TYPES.ociManifest, {
    ...(options.config === undefined ? { artifactType: options.artifactType } : {}),
    config,
    layers,
    ...(options.subject === undefined ? {} : { subject: options.subject }),
    ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
  });
  return {
    top,
    manifests: [top],
    blobs,
    descriptor: { ...describe(top), artifactType: options.artifactType },
  };
}

/** A referrer: an artifact whose `subject` is another manifest. */
export function makeReferrer(
  subject: MadeImage,
  artifactType = 'application/vnd.example.note',
  text = 'a note',
): MadeImage {
  const { mediaType, digest, size } = subject.descriptor;
  return makeArtifact({
    artifactType,
    subject: { mediaType, digest, size },
    layers: [{ mediaType: 'text/plain', content: text }],
  });
}

/** What cosign stores beside an image, and the tag that it has. */
export interface CosignImage {
  readonly tag: string;
  readonly image: MadeImage;
}

/** An image as `cosign sign` leaves it. The signature itself is made up: it verifies with no key. */
export function makeCosignSignature(digest: Digest, seed = 'signature'): CosignImage {
  const payload = JSON.stringify({
    critical: {
      identity: { 'docker-reference': '' },
      image: { 'docker-manifest-digest': digest },
      type: 'cosign container image signature',
    },
    optional: { seed },
  });
  const annotations = {
    'dev.cosignproject.cosign/signature': seededBytes(seed, 64).toString('base64'),
  };
  return cosign(
    digest,
    'sig',
    'application/vnd.dev.cosign.simplesigning.v1+json',
    payload,
    annotations,
  );
}

/** As `cosign attest` leaves it. */
export function makeCosignAttestation(digest: Digest, seed = 'attestation'): CosignImage {
  const payload = JSON.stringify({
    payloadType: 'application/vnd.in-toto+json',
    payload: seed,
    signatures: [],
  });
  return cosign(digest, 'att', 'application/vnd.dsse.envelope.v1+json', payload, {
    predicateType: 'https://slsa.dev/provenance/v1',
  });
}

/** As `cosign attach sbom` leaves it. */
export function makeCosignSbom(digest: Digest, seed = 'sbom'): CosignImage {
  return cosign(
    digest,
    'sbom',
    'text/spdx+json',
    JSON.stringify({ spdxVersion: 'SPDX-2.3', name: seed }),
    {},
  );
}

/** Bytes that do not compress and depend on nothing but the seed. */
export function seededBytes(seed: string, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let offset = 0; offset < length; offset += 64) {
    createHash('sha512').update(`${seed}:${offset}`).digest().copy(bytes, offset);
  }
  return bytes;
}

function cosign(
  digest: Digest,
  suffix: string,
  mediaType: string,
  content: string,
  annotations: Record<string, string>,
): CosignImage {
  const image = makeArtifact({
    artifactType: MEDIA_TYPES.ociConfig,
    config: {
      mediaType: MEDIA_TYPES.ociConfig,
      content: JSON.stringify({
        rootfs: { type: 'layers', diff_ids: [digestOf(Buffer.from(content))] },
      }),
    },
    layers: [{ mediaType, content, annotations }],
  });
  return { tag: `${digestTag(digest)}.${suffix}`, image };
}

async function makeTar(seed: string, layer: LayerOptions): Promise<Buffer> {
  const files = { 'etc/seed': seed, ...layer.files };
  const filler =
    layer.fillerBytes === undefined ? {} : { 'var/filler': seededBytes(seed, layer.fillerBytes) };
  const tar = pack();
  for (const [name, content] of Object.entries<string | Uint8Array>({ ...files, ...filler })) {
    tar.entry({ name, mtime: new Date(0), mode: 0o644 }, Buffer.from(content));
  }
  tar.finalize();
  return Buffer.concat(await Array.fromAsync(tar as AsyncIterable<Buffer>));
}

function compress(tar: Buffer, compression: Compression): Buffer {
  switch (compression) {
    case 'gzip':
      return gzipSync(tar);
    case 'zstd':
      return zstdCompressSync(tar);
    case 'none':
      return tar;
    default:
      return compression satisfies never;
  }
}

function layerType(mediaTypes: MediaTypes, compression: Compression): string {
  const suffix = compression === 'none' ? '' : compression;
  if (mediaTypes === 'oci')
    return `application/vnd.oci.image.layer.v1.tar${suffix && `+${suffix}`}`;
  return `application/vnd.docker.image.rootfs.diff.tar${suffix && `.${suffix}`}`;
}

function addBlob(blobs: Map<Digest, Uint8Array>, bytes: Uint8Array, mediaType: string): Descriptor {
  const digest = digestOf(bytes);
  blobs.set(digest, bytes);
  return { mediaType, digest, size: bytes.length };
}

function manifest(mediaType: string, fields: object): ManifestBytes {
  const bytes = json({ schemaVersion: 2, mediaType, ...fields });
  return { bytes, mediaType, digest: digestOf(bytes) };
}

function describe({ mediaType, digest, bytes }: ManifestBytes): Descriptor {
  return { mediaType, digest, size: bytes.length };
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
