import type { Lock } from '../../lock/lock.ts';
import type { Digest } from '../../oci/digest.ts';
import { readSignatureConfigMap } from '../../resources/signature-configmap.ts';
import type { PassContext } from '../pass-context.ts';

/** Signatures that the manifests branch publishes, by the digest of their bytes. */
export interface PublishedSignatures {
  /** Verified in this pass. */
  readonly good: ReadonlyMap<Digest, Uint8Array>;
  /** The bytes that the lock names, of which nobody can tell, since the keys cannot be read. */
  readonly unverified: ReadonlyMap<Digest, Uint8Array>;
}

/**
 * The published signatures of the lock's releases whose payload is there; of others none is published. They are verified
 * again, since somebody may have changed them there: what is not good is not in the result.
 */
export async function publishedSignatures(
  { branch, mirror, releases, log }: Pick<PassContext, 'branch' | 'mirror' | 'releases' | 'log'>,
  lock: Lock | undefined,
  signal: AbortSignal,
): Promise<PublishedSignatures> {
  const good = new Map<Digest, Uint8Array>();
  const unverified = new Map<Digest, Uint8Array>();
  const there = new Set(
    lock?.images.flatMap(({ kind, digest }) => (kind === 'release' ? digest : [])),
  );
  const signed = (lock?.releases ?? []).flatMap(({ release, payload, signature }) =>
    signature === undefined || !there.has(payload) ? [] : [{ release, payload, signature }],
  );
  if (signed.length === 0) return { good, unverified };
  const published = new Map<Digest, Uint8Array>();
  for (const [path, text] of await branch.readFolder(mirror.output, signal)) {
    if (!path.startsWith('resources/signature-configmap')) continue;
    for (const [digest, bytes] of readSignatureConfigMap(text)) published.set(digest, bytes);
  }
  for (const { release, payload, signature } of signed) {
    const bytes = published.get(signature);
    const isGood = bytes !== undefined && (await releases.isSignedBy(payload, bytes));
    if (bytes === undefined || isGood === false) {
      log.warn({ release }, 'the published signature of a release is gone or changed');
    } else (isGood === true ? good : unverified).set(signature, bytes);
  }
  return { good, unverified };
}
