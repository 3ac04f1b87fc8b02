import { formatPosition } from '../../base/entry-position.ts';
import type { EntryFailure } from '../../lock/entry-failure.ts';

const SHOWN_REASONS = 50;
const SHOWN_OF_ONE_REASON = 10;
const REFERENCE = /^\S+[/:@]\S+$/;

/**
 * What failed in a pass, for people, as lines. One reason is said once, whatever number of images it keeps back: a
 * registry that refuses every push is one thing to mend.
 */
export function formatFailures(failures: readonly EntryFailure[]): string[] {
  const groups = [
    ...Map.groupBy(failures, ({ error }) => `${error.code} ${error.message}`).values(),
  ];
  const left = groups.slice(SHOWN_REASONS).flat().length;
  return [
    ...groups.slice(0, SHOWN_REASONS).flatMap(formatGroup),
    ...(left > 0 ? [`and ${left} more failures`] : []),
  ];
}

function formatGroup(group: readonly EntryFailure[]): string[] {
  const [first] = group;
  if (first === undefined) return [];
  const { error, wanted } = first;
  const hint = error.hint === undefined ? [] : [`  hint: ${error.hint}`];
  if (group.length === 1) {
    // Most messages name the image themselves.
    const name = error.message.includes(wanted) ? '' : `${wanted}: `;
    return [`${positionOf(first)}${name}${error.message}`, ...hint];
  }
  const shown = group.slice(0, SHOWN_OF_ONE_REASON);
  const left = group.length - shown.length;
  return [
    `${group.length} ${kindOf(group)}: ${error.message}`,
    ...hint,
    ...shown.map((failure) => `  ${positionOf(failure)}${failure.wanted}`),
    ...(left > 0 ? [`  and ${left} more`] : []),
  ];
}

/** What several failures are about; channels and versions of releases have no reference. */
function kindOf(group: readonly EntryFailure[]): string {
  if (group.every(({ wanted }) => wanted.startsWith('bundle '))) return 'bundles';
  return group.every(({ wanted }) => REFERENCE.test(wanted)) ? 'images' : 'entries';
}

function positionOf({ entries: [entry] }: EntryFailure): string {
  return entry === undefined ? '' : `${formatPosition(entry.position)}: `;
}
