import { formatPosition } from '../base/entry-position.ts';
import { formatCommitMessage } from '../git/commit-message.ts';
import type { EntryFailure } from '../lock/entry-failure.ts';
import type { Plan } from '../plan/plan.ts';
import type { PassContext } from './pass-context.ts';

/** The message of the commit that publishes a pass (design.md, section 4). */
export function publishedMessage(
  { mirror, source }: PassContext,
  plan: Plan,
  counts: {
    readonly added: number;
    readonly addedBytes: number;
    readonly leaving: number;
    readonly total: number;
  },
  failures: readonly EntryFailure[],
): string {
  const { added, addedBytes, leaving, total } = counts;
  return formatCommitMessage({
    mirror: mirror.name,
    change: { kind: 'published', added, addedBytes, leaving },
    sourceCommit: source.commit,
    sourceSubject: source.subject,
    plan: plan.hash,
    total,
    failures: failures.map(describeFailure),
  });
}

/** The message of the commit after deletes. */
export function deletedMessage(
  { mirror, source }: PassContext,
  plan: Plan,
  images: number,
  total: number,
): string {
  return formatCommitMessage({
    mirror: mirror.name,
    change: { kind: 'deleted', images },
    sourceCommit: source.commit,
    sourceSubject: source.subject,
    plan: plan.hash,
    total,
    failures: [],
  });
}

/** One line: what failed, where it was asked for, and why. */
export function describeFailure({ entries, wanted, error }: EntryFailure): string {
  const at = entries.map(({ position }) => formatPosition(position)).join(', ');
  return `${wanted} (${at}): ${error.message}`;
}
