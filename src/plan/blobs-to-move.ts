import type { LockedImage } from '../lock/lock.ts';
import type { PlannedImage } from './plan.ts';
import type { PlanInput } from './plan-input.ts';

/**
 * Bytes of the distinct blobs of images that no locked image at this destination has. Images whose manifests
 * are not known count nothing: the figure is what is known to move.
 */
export function blobsToMove(
  images: readonly PlannedImage[],
  lines: readonly LockedImage[],
  blobsOf: PlanInput['blobsOf'],
): number {
  const sizes = new Map<string, number>();
  for (const { digest, platforms } of images) {
    for (const blob of blobsOf(digest, platforms) ?? []) sizes.set(blob.digest, blob.size);
  }
  if (sizes.size === 0) return 0;
  for (const { digest, platforms } of lines) {
    for (const blob of blobsOf(digest, platforms) ?? []) sizes.delete(blob.digest);
  }
  return sizes.values().reduce((sum, size) => sum + size, 0);
}
