import { createHash } from 'node:crypto';

/**
 * Where a remote's ref is kept in the bare repository. Hashed, because a branch `a` of yesterday would
 * stand in the way of `a/b` of today.
 */
export function localRef(remoteRef: string): string {
  return `refs/imageset/${createHash('sha256').update(remoteRef).digest('hex').slice(0, 32)}`;
}
