import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { stringify } from 'yaml';
import type { Descriptor } from '../src/oci/descriptor.ts';
import { type Digest, digestOf } from '../src/oci/digest.ts';
import { MEDIA_TYPES } from '../src/oci/media-types.ts';
import type { ImageTarget } from '../src/oci/ends.ts';
import { type Store, openStore } from '../src/store/open-store.ts';
import { type CatalogShape, generatePackages } from './catalog-documents.ts';

/** As large as the largest catalogs will be in a few years. */
export const LARGE_CATALOG: CatalogShape = {
  packages: 400,
  bundles: 30_000,
  bytes: 345e6,
  syntax: 'json',
};

export interface GeneratedCatalog {
  /** `repository:tag` in the storage folder. */
  readonly image: string;
  readonly layer: Descriptor;
  readonly bundles: number;
  readonly packageNames: readonly string[];
  /** Of all files of the configs, bytes. */
  readonly configsBytes: number;
}

const REPOSITORY = 'bench/catalog';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const NEVER = new AbortController().signal;

/** Writes a catalog image to a storage folder, a package at a time, its configs in one gzip layer. Same shape, same digest. */
export async function generateCatalog(
  storage: string,
  shape: CatalogShape,
): Promise<GeneratedCatalog> {
  const store = await openStore(storage);
  const target = store.target(REPOSITORY);
  const made = await writeLayer(store, shape);
  const config = await putBytes(
    target,
    Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        config: {
          Entrypoint: ['/bin/opm'],
          Cmd: ['serve', '/configs', '--cache-dir=/tmp/cache'],
          Labels: { 'operators.operatorframework.io.index.configs.v1': '/configs' },
        },
        rootfs: { type: 'layers', diff_ids: [made.diffId] },
      }),
    ),
    MEDIA_TYPES.ociConfig,
  );
  const mediaType = MEDIA_TYPES.ociManifest;
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [made.layer] }),
  );
  await target.putManifest(
    { bytes, mediaType, digest: digestOf(bytes) },
    { kind: 'tag', tag: shape.syntax },
    NEVER,
  );
  const { layer, packageNames, configsBytes } = made;
  return {
    image: `${REPOSITORY}:${shape.syntax}`,
    ...{ layer, packageNames, configsBytes, bundles: shape.bundles },
  };
}

interface WrittenLayer {
  readonly layer: Descriptor;
  readonly diffId: Digest;
  readonly packageNames: readonly string[];
  readonly configsBytes: number;
}

async function writeLayer(store: Store, shape: CatalogShape): Promise<WrittenLayer> {
  const tar = pack();
  const packageNames: string[] = [];
  let configsBytes = 0;
  async function fill(): Promise<void> {
    for (const { name, documents } of generatePackages(shape)) {
      const content = Buffer.from(textOf(documents, shape.syntax));
      packageNames.push(name);
      configsBytes += content.length;
      await addFile(`configs/${name}/catalog.${shape.syntax}`, content);
    }
    tar.finalize();
  }
  function addFile(name: string, content: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      tar.entry({ name, mtime: new Date(0), mode: 0o644 }, content, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  const unpacked = createHash('sha256');
  const packed = createHash('sha256');
  const writer = await store.openBlobWriter();
  const gzip = createGzip();
  await Promise.all([
    fill(),
    pipeline(hashed(tar as AsyncIterable<Uint8Array>, unpacked), gzip),
    writer.append(hashed(gzip, packed), NEVER),
  ]);
  const { size } = writer;
  const digest = await writer.finish(digestFrom(packed));
  await store.repository(REPOSITORY).linkBlob(digest, digest);
  const layer = { mediaType: LAYER, digest, size };
  return { layer, diffId: digestFrom(unpacked), packageNames, configsBytes };
}

function textOf(documents: Iterable<object>, syntax: CatalogShape['syntax']): string {
  let text = '';
  for (const document of documents) {
    text +=
      syntax === 'json'
        ? `${JSON.stringify(document, undefined, 4)}\n`
        : `---\n${stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })}`;
  }
  return text;
}

async function* hashed(
  chunks: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

function digestFrom(hash: ReturnType<typeof createHash>): Digest {
  return `sha256:${hash.digest('hex')}` as Digest;
}

async function putBytes(
  target: ImageTarget,
  bytes: Buffer,
  mediaType: string,
): Promise<Descriptor> {
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  const upload = await target.beginBlob(descriptor, { from: REPOSITORY }, NEVER);
  await upload?.finish(once(bytes), NEVER);
  return descriptor;
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
