import type { DeletingImage, LockedImage } from '../lock/lock.ts';

/** The line of `images` that a line of `deleting` becomes when its delete is no longer asked for. */
export function lineOfDeleting(deleting: DeletingImage): LockedImage {
  const { since, reason, held, ...line } = deleting;
  return { ...line, wantedBy: [] };
}
