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
  if (images.length === 0) return 0;
  const there = new Set<string>();
  for (const { digest, platforms } of lines) {
    for (const blob of blobsOf(digest, platforms) ?? []) there.add(blob.digest);
  }
  let bytes = 0;
  for (const { digest, platforms } of images) {
    for (const blob of blobsOf(digest, platforms) ?? []) {
      if (there.has(blob.digest)) continue;
      there.add(blob.digest);
      bytes += blob.size;
    }
  }
  return bytes;
}
