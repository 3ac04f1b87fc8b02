import type { LockedImage } from '../lock/lock.ts';
import type { PlannedImage } from './plan.ts';
import type { PlanInput } from './plan-input.ts';

/**
 * The distinct blobs of images that no locked image at this destination has: their sizes in bytes by digest. Images
 * whose manifests are not known have none: what is told is what is known to move.
 */
export function blobsToMove(
  images: readonly PlannedImage[],
  lines: readonly LockedImage[],
  blobsOf: PlanInput['blobsOf'],
): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { digest, platforms } of images) {
    for (const blob of blobsOf(digest, platforms) ?? []) sizes.set(blob.digest, blob.size);
  }
  if (sizes.size === 0) return sizes;
  for (const { digest, platforms } of lines) {
    for (const blob of blobsOf(digest, platforms) ?? []) sizes.delete(blob.digest);
  }
  return sizes;
}

export function bytesOf(sizes: ReadonlyMap<string, number>): number {
  return sizes.values().reduce((sum, size) => sum + size, 0);
}
