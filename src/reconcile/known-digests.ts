import type { Digest } from '../oci/digest.ts';
import type { ResolveDependencies } from '../resolve/resolve-images.ts';
import { lookUpDigest } from './ends.ts';
import type { BranchLock } from './other-mirrors.ts';
import type { PassContext } from './pass-context.ts';

/** Digests as the locks of the registry have them, else as a source has them now; in one pass nobody is asked twice. */
export function knownDigests(
  { ends, digests, mirror, transfer, isResync }: PassContext,
  locks: readonly BranchLock[],
): ResolveDependencies {
  const digestBySource = isResync ? new Map<string, Digest>() : lockedDigests(locks);
  return {
    lockedDigest: (source) => digestBySource.get(source),
    async lookUpDigest(reference, signal) {
      const key =
        reference.kind === 'layout'
          ? `${mirror.ociRoot ?? ''} ${reference.directory}`
          : sourceKey(reference);
      const known = digests.get(key);
      if (known !== undefined) return known;
      const asking = lookUpDigest(ends, reference, mirror.ociRoot, signal);
      digests.set(key, asking);
      // A failure is not remembered: the next mirror or attempt asks again.
      asking.catch(() => digests.delete(key));
      return asking;
    },
    parallel: transfer.parallelImages,
  };
}

function sourceKey({
  registry,
  repository,
  tag,
}: {
  registry: string;
  repository: string;
  tag?: string;
}): string {
  return `${registry}/${repository}:${tag ?? 'latest'}`;
}

/** What the locks of a registry know of sources; the first lock counts most, and what stays more than what goes. */
function lockedDigests(locks: readonly BranchLock[]): Map<string, Digest> {
  const digestBySource = new Map<string, Digest>();
  for (const { lock } of locks) {
    for (const { source, sourceDigest } of lock?.catalogs ?? []) {
      if (!digestBySource.has(source)) digestBySource.set(source, sourceDigest);
    }
    for (const { source, digest, kind } of [...(lock?.images ?? []), ...(lock?.deleting ?? [])]) {
      // The digest of a catalog's line is that of what was built.
      if (kind !== 'catalog' && !digestBySource.has(source)) digestBySource.set(source, digest);
    }
  }
  return digestBySource;
}
