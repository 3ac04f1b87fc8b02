import { ControllerError } from '../../base/controller-error.ts';
import { algorithmOf, digestOf, isDigest } from '../../oci/digest.ts';
import type { ManifestReference } from '../../oci/ends.ts';
import type { ManifestBytes } from '../../oci/manifest.ts';
import { MEDIA_TYPES } from '../../oci/media-types.ts';
import { findManifest } from './read-manifest.ts';
import { type Repository, manifestPath, nameOf } from './repository.ts';

/**
 * Puts a manifest and makes sure that the registry kept its bytes: by the digest in the answer or, where
 * it has none, by one HEAD for the digest (spec, transfer-engine, 5.7.5 and 5.7.6).
 * @throws ControllerError DIGEST_MISMATCH, REGISTRY_REFUSED
 */
export async function putManifest(
  repository: Repository,
  manifest: ManifestBytes,
  reference: ManifestReference,
  signal: AbortSignal,
): Promise<void> {
  const where = nameOf(repository, reference);
  const told = await put(repository, manifest, reference, where, signal);
  if (isDigest(told)) {
    if (digestOf(manifest.bytes, algorithmOf(told)) === told) return;
    throw rewritten(where, manifest, `it says that it stored ${told}`);
  }
  const byDigest = { kind: 'digest', digest: manifest.digest } as const;
  if ((await findManifest(repository, byDigest, signal)) !== undefined) return;
  throw rewritten(where, manifest, 'it has none with that digest now');
}

async function put(
  repository: Repository,
  manifest: ManifestBytes,
  reference: ManifestReference,
  where: string,
  signal: AbortSignal,
): Promise<string> {
  try {
    await using response = await repository.send(
      {
        method: 'PUT',
        url: manifestPath(reference),
        headers: { 'content-type': manifest.mediaType },
        body: manifest.bytes,
        access: 'push',
        expect: [200, 201, 202, 204],
        doing: `writing ${where}`,
      },
      signal,
    );
    return response.header('docker-content-digest') ?? '';
  } catch (error) {
    throw isIndex(manifest) ? refusedIndex(error, where) : withHint(error, manifest);
  }
}

function isIndex({ mediaType }: ManifestBytes): boolean {
  return mediaType === MEDIA_TYPES.ociIndex || mediaType === MEDIA_TYPES.dockerList;
}

/** A registry says what it dislikes about a manifest in its own words, if at all: often its media type. */
function withHint(error: unknown, { mediaType }: ManifestBytes): unknown {
  if (!(error instanceof ControllerError) || error.hint !== undefined) return error;
  const { code, message, remedy } = error;
  return new ControllerError(code, message, {
    remedy,
    hint: `See the registry's log. If it does not take ${mediaType}: allow that type there, or use a registry that takes OCI images.`,
    cause: error,
  });
}

/** What people look for when a strict registry wants all instances of an index, with the registry's own words. */
function refusedIndex(error: unknown, where: string): unknown {
  if (!(error instanceof ControllerError)) return error;
  if (error.code !== 'REGISTRY_REFUSED' && error.code !== 'REGISTRY_NOT_FOUND') return error;
  return new ControllerError(
    'REGISTRY_REFUSED',
    `Manifest list ${where} was not taken: ${error.message}`,
    {
      remedy: error.remedy,
      hint: 'If it misses instances that "platforms" leaves out: let the registry take sparse indexes, or mirror all platforms.',
      cause: error,
    },
  );
}

function rewritten(where: string, manifest: ManifestBytes, what: string): ControllerError {
  return new ControllerError(
    'DIGEST_MISMATCH',
    `the registry rewrites manifests: ${where} was sent with digest ${manifest.digest}, but ${what}`,
    {
      remedy: 'wait-for-change',
      hint: 'Images are pulled by digest, so the destination must store manifests byte by byte; look for a setting that converts or signs them.',
    },
  );
}
