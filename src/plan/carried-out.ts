import type { LockedDeletion } from '../lock/lock.ts';
import type { PlannedFile } from './plan-input.ts';

/** Whether a delete file was carried out as it is: it is not repeated until it changes (design.md, section 4). */
export function isCarriedOut(
  { path, blob }: PlannedFile,
  deletions: readonly LockedDeletion[],
): boolean {
  const before = deletions.find((deletion) => deletion.path === path);
  return before?.blob === blob && before.held === undefined;
}
