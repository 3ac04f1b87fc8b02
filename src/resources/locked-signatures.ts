import type { Lock, LockedRelease } from '../lock/lock.ts';
import type { Digest } from '../oci/digest.ts';
import type { PublishedSignature } from './signature-configmap.ts';

/** The signatures of the releases of a lock. */
export interface LockedSignatures {
  readonly found: readonly PublishedSignature[];
  /** Releases that are signed, but whose signature is not among the known ones. */
  readonly missing: readonly LockedRelease[];
}

/**
 * The signatures of the payloads that are there, orphans included; a release that is taken unsigned has none.
 * @param known bytes by their digest.
 */
export function lockedSignatures(
  { images, releases }: Pick<Lock, 'images' | 'releases'>,
  known: ReadonlyMap<Digest, Uint8Array>,
): LockedSignatures {
  const there = new Set(
    images.filter(({ kind }) => kind === 'release').map(({ digest }) => digest),
  );
  const found: PublishedSignature[] = [];
  const missing: LockedRelease[] = [];
  for (const line of releases) {
    const { release, payload, signature } = line;
    if (signature === undefined || !there.has(payload)) continue;
    const bytes = known.get(signature);
    if (bytes === undefined) missing.push(line);
    else found.push({ release, payload, bytes });
  }
  return { found, missing };
}
