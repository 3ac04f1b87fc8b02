import type { DeletionPolicy } from './plan-input.ts';

/** From this many deletes on, `maxShare` counts: a share of a handful says nothing. Source: design.md, section 5, "Deletes". */
const SHARE_COUNTS_FROM = 10;
const WAY_OUT =
  '; raise it, delete in smaller steps, or set deletion.approvedPlan to the hash that `imageset plan` shows';

/**
 * Why the deletes of a pass are over the caps, or undefined where they are not. `lines` is the number of
 * lines of `images`.
 */
export function capReached(
  deletes: number,
  { policy, lines }: { readonly policy: DeletionPolicy; readonly lines: number },
): string | undefined {
  if (deletes > policy.maxImages) {
    return `${deletes} images would be deleted at once, over deletion.maxImages ${policy.maxImages}${WAY_OUT}`;
  }
  const most = policy.maxShare * lines;
  if (deletes >= SHARE_COUNTS_FROM && deletes > most) {
    return `${deletes} of ${lines} images would be deleted at once, over deletion.maxShare ${policy.maxShare}${WAY_OUT}`;
  }
  return undefined;
}
