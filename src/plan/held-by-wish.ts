/** How the reason of a held delete begins that waits because somebody wants the image. */
export const STILL_WANTED = 'still wanted by ';

/**
 * Whether a delete is held since somebody wants the image. Such a reason is found anew in every plan; any other was
 * given by the registry, which is asked again when the lock changes.
 */
export function isHeldByWish(held: string | undefined): boolean {
  return held?.startsWith(STILL_WANTED) === true;
}
