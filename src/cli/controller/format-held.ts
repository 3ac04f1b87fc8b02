import type { HeldDelete } from '../../plan/plan.ts';

const SHOWN_REASONS = 50;
const SHOWN_OF_ONE_REASON = 10;

/** Deletes that wait, for people, as lines. One reason is said once, whatever number of images it holds. */
export function formatHeld(held: readonly HeldDelete[]): string[] {
  const groups = [...Map.groupBy(held, ({ why }) => why)];
  const left = groups.slice(SHOWN_REASONS).flatMap(([, group]) => group).length;
  return [
    ...groups.slice(0, SHOWN_REASONS).flatMap(([why, group]) => formatGroup(why, group)),
    ...(left > 0 ? [`and ${left} more deletes are held`] : []),
  ];
}

function formatGroup(why: string, group: readonly HeldDelete[]): string[] {
  const names = group.map(({ destination }) => destination);
  if (names.length === 1) return [`held: ${names.join()}: ${why}`];
  const shown = names.slice(0, SHOWN_OF_ONE_REASON);
  const left = names.length - shown.length;
  return [
    `held: ${names.length} images: ${why}`,
    ...shown.map((name) => `  ${name}`),
    ...(left > 0 ? [`  and ${left} more`] : []),
  ];
}
