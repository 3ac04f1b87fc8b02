import { ControllerError } from '../../base/controller-error.ts';
import { type Digest, algorithmOf, digestOf, isDigest } from '../../oci/digest.ts';
import type { ManifestReference } from '../../oci/ends.ts';
import {
  MANIFEST_LIMIT_BYTES,
  type ManifestBytes,
  manifestBytes,
  parseManifest,
} from '../../oci/manifest.ts';
import { MANIFEST_ACCEPT, MEDIA_TYPES } from '../../oci/media-types.ts';
import { type Repository, manifestPath, nameOf } from './repository.ts';

/** docker-registry 2.8 answers 404 for an index whose type is not accepted (spec, transfer-engine, 5.7.1). */
export const ACCEPT_MANIFESTS = { accept: MANIFEST_ACCEPT.join(', ') };

/**
 * Reads a manifest. The bytes are verified: by the digest that was asked for (spec, transfer-engine, 5.7.3), of a
 * tag by the one that the registry tells, or a bit that flips on the way would make another image of it.
 * @throws ControllerError REGISTRY_NOT_FOUND, DIGEST_MISMATCH, MANIFEST_UNSUPPORTED (schema 1).
 */
export async function readManifest(
  repository: Repository,
  reference: ManifestReference,
  signal: AbortSignal,
): Promise<ManifestBytes> {
  const where = nameOf(repository, reference);
  await using response = await repository.send(
    {
      method: 'GET',
      url: manifestPath(reference),
      headers: ACCEPT_MANIFESTS,
      access: 'pull',
      expect: [200],
      readAhead: MANIFEST_LIMIT_BYTES,
      doing: `reading ${where}`,
    },
    signal,
  );
  const bytes = await response.bytes(MANIFEST_LIMIT_BYTES);
  const manifest = manifestBytes(bytes, response.header('content-type'), where);
  const told = response.header('docker-content-digest') ?? '';
  const expected =
    reference.kind === 'digest' ? reference.digest : isDigest(told) ? told : undefined;
  if (expected === undefined) return manifest;
  const actual = digestOf(bytes, algorithmOf(expected));
  if (actual === expected)
    return reference.kind === 'tag' ? manifest : { ...manifest, digest: actual };
  // The digest of a signed schema 1 manifest leaves its signatures out: say what it is, not that it was changed.
  if (manifest.mediaType === MEDIA_TYPES.dockerSchema1Signed) parseManifest(manifest, where);
  throw new ControllerError(
    'DIGEST_MISMATCH',
    `${where} is served with other content than ${expected}: its digest is ${actual}`,
    {
      remedy: 'retry-later',
      hint: `${repository.host} or something on the way changes manifests; look at proxies and caches before it.`,
    },
  );
}

/**
 * The digest that a reference has, by HEAD, or undefined where it is not there. The bytes are read where
 * the registry does not tell the digest.
 * @throws ControllerError
 */
export async function findManifest(
  repository: Repository,
  reference: ManifestReference,
  signal: AbortSignal,
): Promise<Digest | undefined> {
  await using response = await repository.send(
    {
      method: 'HEAD',
      url: manifestPath(reference),
      headers: ACCEPT_MANIFESTS,
      access: 'pull',
      expect: [200, 404],
      doing: `looking for ${nameOf(repository, reference)}`,
    },
    signal,
  );
  if (response.status === 404) return undefined;
  if (reference.kind === 'digest') return reference.digest;
  const told = response.header('docker-content-digest') ?? '';
  return isDigest(told) ? told : (await readManifest(repository, reference, signal)).digest;
}
