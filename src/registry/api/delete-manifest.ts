import { randomBytes } from 'node:crypto';
import { ControllerError } from '../../base/controller-error.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ManifestReference } from '../../oci/ends.ts';
import type { SharedWork } from '../http/shared-work.ts';
import { errorCodesOf } from './error-codes.ts';
import { type Repository, manifestPath, nameOf } from './repository.ts';

const DELETED = [200, 202, 204];

/**
 * Deletes a manifest with every tag on it; `false`: it was gone already (spec, transfer-engine, 5.9.9).
 * @throws ControllerError REGISTRY_DELETE_UNSUPPORTED
 */
export async function deleteManifest(
  repository: Repository,
  digest: Digest,
  signal: AbortSignal,
): Promise<boolean> {
  const outcome = await send(repository, { kind: 'digest', digest }, signal);
  if (outcome !== 'unsupported') return outcome === 'deleted';
  throw new ControllerError(
    'REGISTRY_DELETE_UNSUPPORTED',
    `${repository.host} does not delete manifests (asked for ${repository.name}@${digest})`,
    {
      remedy: 'wait-for-change',
      hint: 'Switch deletes on (docker-registry: REGISTRY_STORAGE_DELETE_ENABLED=true; elsewhere a role that may delete), or delete there by hand.',
    },
  );
}

/**
 * Deletes a tag and leaves its manifest; `false`: it was gone already. Whether the host can is asked once,
 * with a tag that does not exist: some hosts would take the manifest with it.
 * @throws ControllerError REGISTRY_DELETE_UNSUPPORTED where only manifests can be deleted.
 */
export async function deleteTag(
  repository: Repository,
  tag: string,
  firstQuestions: SharedWork<boolean>,
  signal: AbortSignal,
): Promise<boolean> {
  const { facts, host } = repository;
  facts.deletesTags ??= await firstQuestions.run(
    host,
    async (shared) => await deletesTags(repository, shared),
    signal,
  );
  const outcome = facts.deletesTags
    ? await send(repository, { kind: 'tag', tag }, signal)
    : 'unsupported';
  if (outcome !== 'unsupported') return outcome === 'deleted';
  throw new ControllerError(
    'REGISTRY_DELETE_UNSUPPORTED',
    `${host} does not delete a tag without its manifest (asked for ${repository.name}:${tag})`,
    {
      remedy: 'wait-for-change',
      hint: 'Delete the tag there by hand, or use a registry that deletes tags (distribution 3, Harbor, Quay and others).',
    },
  );
}

async function deletesTags(repository: Repository, signal: AbortSignal): Promise<boolean> {
  const tag = `imageset-no-such-tag-${randomBytes(8).toString('hex')}`;
  return (await send(repository, { kind: 'tag', tag }, signal)) !== 'unsupported';
}

async function send(
  repository: Repository,
  reference: ManifestReference,
  signal: AbortSignal,
): Promise<'deleted' | 'gone' | 'unsupported'> {
  const doing = `deleting ${nameOf(repository, reference)}`;
  await using response = await repository.send(
    {
      method: 'DELETE',
      url: manifestPath(reference),
      access: 'delete',
      expect: [...DELETED, 400, 404, 405],
      doing,
    },
    signal,
  );
  if (DELETED.includes(response.status)) return 'deleted';
  if (response.status === 404) return 'gone';
  if (response.status === 405) return 'unsupported';
  const codes = await errorCodesOf(response);
  // docker-registry 2.8 takes a tag for a digest that it cannot read.
  const isTagRefused = reference.kind === 'tag' && codes.some((code) => TAG_REFUSED.includes(code));
  if (codes.includes('UNSUPPORTED') || isTagRefused) return 'unsupported';
  throw new ControllerError(
    'REGISTRY_REFUSED',
    `${doing}: ${repository.host} answered 400 (${codes.join(', ') || 'without a reason'})`,
    { remedy: 'wait-for-change', hint: `Look at the log of ${repository.host}.` },
  );
}

const TAG_REFUSED = ['DIGEST_INVALID', 'TAG_INVALID', 'MANIFEST_INVALID', 'NAME_INVALID'];
