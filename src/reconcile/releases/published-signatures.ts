import type { Lock } from '../../lock/lock.ts';
import type { Digest } from '../../oci/digest.ts';
import { readSignatureConfigMap } from '../../resources/signature-configmap.ts';
import type { PassContext } from '../pass-context.ts';

/**
 * The signatures of the lock's releases, by the digest of their bytes, as the manifests branch publishes them. They are
 * verified again, since somebody may have changed them there: what is not good is not in the result.
 */
export async function publishedSignatures(
  { branch, mirror, releases, log }: Pick<PassContext, 'branch' | 'mirror' | 'releases' | 'log'>,
  lock: Lock | undefined,
  signal: AbortSignal,
): Promise<Map<Digest, Uint8Array>> {
  const good = new Map<Digest, Uint8Array>();
  const signed = (lock?.releases ?? []).flatMap(({ release, payload, signature }) =>
    signature === undefined ? [] : [{ release, payload, signature }],
  );
  if (signed.length === 0) return good;
  const published = new Map<Digest, Uint8Array>();
  for (const [path, text] of await branch.readFolder(mirror.output, signal)) {
    if (!path.startsWith('resources/signature-configmap')) continue;
    for (const [digest, bytes] of readSignatureConfigMap(text)) published.set(digest, bytes);
  }
  for (const { release, payload, signature } of signed) {
    const bytes = published.get(signature);
    if (bytes !== undefined && (await releases.isSignedBy(payload, bytes))) {
      good.set(signature, bytes);
    } else {
      log.warn({ release }, 'the published signature of a release is gone or changed');
    }
  }
  return good;
}
