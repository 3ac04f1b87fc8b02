import { ControllerError } from '../../base/controller-error.ts';
import { algorithmOf, digestOf } from '../../oci/digest.ts';
import type { ManifestReference } from '../../oci/ends.ts';
import {
  MANIFEST_LIMIT_BYTES,
  type Manifest,
  type ManifestBytes,
  blobsOf,
  manifestBytes,
  parseManifest,
} from '../../oci/manifest.ts';
import type { StoreRepository } from '../store-repository.ts';
import { type Asked, type Reply, failure } from './reply.ts';

/** `GET` and `HEAD` of a manifest. */
export async function getManifest(
  repository: StoreRepository,
  reference: ManifestReference,
): Promise<Reply> {
  const manifest = await repository.readManifest(reference);
  if (manifest === undefined) return unknownManifest(reference);
  const { bytes, mediaType, digest } = manifest;
  return {
    status: 200,
    headers: {
      'content-type': mediaType,
      'content-length': bytes.byteLength,
      'docker-content-digest': digest,
    },
    body: bytes,
  };
}

/**
 * `PUT`: the bytes are stored as they arrive. Config and layers must be there before (foreign layers with
 * URLs need not); the children of an index may be absent, since mirrors hold only the platforms that are
 * wanted (sparse indexes; spec, transfer-engine, 5.7).
 */
export async function putManifest(
  repository: StoreRepository,
  reference: ManifestReference,
  asked: Asked,
): Promise<Reply> {
  const bytes = await readLimited(asked);
  if (bytes === undefined) {
    return failure(413, 'MANIFEST_INVALID', `a manifest has at most ${MANIFEST_LIMIT_BYTES} bytes`);
  }
  const read = readPushed(bytes, reference, asked.headers['content-type']);
  if ('status' in read) return read;
  const missing = await missingBlobs(repository, read.parsed);
  if (missing.length > 0) {
    return failure(
      400,
      'MANIFEST_BLOB_UNKNOWN',
      'the manifest names blobs that this repository does not have',
      {
        detail: missing.map((digest) => ({ digest })),
      },
    );
  }
  await repository.putManifest(read.manifest, reference);
  const { digest } = read.manifest;
  const subject =
    read.parsed.subject === undefined ? {} : { 'oci-subject': read.parsed.subject.digest };
  return {
    status: 201,
    headers: {
      location: `/v2/${repository.name}/manifests/${digest}`,
      'docker-content-digest': digest,
      'content-length': 0,
      ...subject,
    },
  };
}

/** `DELETE` of a manifest with all its tags, or of a tag alone. */
export async function deleteManifest(
  repository: StoreRepository,
  reference: ManifestReference,
): Promise<Reply> {
  const wasThere =
    reference.kind === 'tag'
      ? await repository.deleteTag(reference.tag)
      : await repository.deleteManifest(reference.digest);
  return wasThere ? { status: 202, headers: { 'content-length': 0 } } : unknownManifest(reference);
}

interface PushedManifest {
  readonly manifest: ManifestBytes;
  readonly parsed: Manifest;
}

function readPushed(
  bytes: Buffer,
  reference: ManifestReference,
  contentType: string | undefined,
): PushedManifest | Reply {
  const digest = reference.kind === 'digest' ? reference.digest : digestOf(bytes);
  if (digestOf(bytes, algorithmOf(digest)) !== digest) {
    return failure(400, 'DIGEST_INVALID', 'the manifest has another digest', {
      detail: digestOf(bytes),
    });
  }
  try {
    // The tree keeps no types: what the content says by itself is what will be served.
    const manifest = { ...manifestBytes(bytes, undefined, 'the request'), digest };
    const declared = manifestBytes(bytes, contentType, 'the request').mediaType;
    if (declared !== manifest.mediaType) {
      const message = `the content is ${manifest.mediaType}, but Content-Type says ${declared}`;
      return failure(400, 'MANIFEST_INVALID', message.slice(0, 500));
    }
    return { manifest, parsed: parseManifest(manifest, 'the request') };
  } catch (error) {
    if (!(error instanceof ControllerError)) throw error;
    return failure(400, 'MANIFEST_INVALID', error.message.slice(0, 1000));
  }
}

async function missingBlobs(repository: StoreRepository, manifest: Manifest): Promise<string[]> {
  const missing: string[] = [];
  for (const { digest } of blobsOf(manifest)) {
    if ((await repository.findBlob(digest)) === undefined) missing.push(digest);
  }
  return missing;
}

/** The body, or undefined when it is too large. */
async function readLimited(asked: Asked): Promise<Buffer | undefined> {
  if (Number(asked.headers['content-length'] ?? 0) > MANIFEST_LIMIT_BYTES) return undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of asked.body()) {
    size += chunk.byteLength;
    if (size > MANIFEST_LIMIT_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function unknownManifest(reference: ManifestReference): Reply {
  return failure(404, 'MANIFEST_UNKNOWN', 'manifest unknown', { detail: reference });
}
