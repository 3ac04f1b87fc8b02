import { ControllerError } from '../base/controller-error.ts';
import type { Lock } from '../lock/lock.ts';
import { absolutePlace, parseDestination } from '../oci/destination.ts';
import type { MirroredImage } from './mirror-sets.ts';

/**
 * What the mirror sets of a lock speak of: all that stays, orphans included; nothing that is being deleted
 * (design.md, section 5, step 6).
 * @throws ControllerError LOCK_INVALID for a destination that is no place; `parseLock` has refused it before.
 */
export function mirroredImages({ destination, images }: Lock): MirroredImage[] {
  const below = parseDestination(destination);
  return images.map(({ destination: written, source, kind }) => {
    const place = absolutePlace(written, below);
    if (place !== undefined) return { source, place, kind };
    throw new ControllerError('LOCK_INVALID', `"${written}" is no place below ${destination}`, {
      remedy: 'wait-for-change',
    });
  });
}
