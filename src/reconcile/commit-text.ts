import { formatPosition } from '../base/entry-position.ts';
import { formatCommitMessage } from '../git/commit-message.ts';
import type { EntryFailure } from '../lock/entry-failure.ts';
import { type CatalogTally, describeTally } from '../plan/catalog-tallies.ts';
import type { Plan } from '../plan/plan.ts';
import { type ReleaseTally, describeReleaseTally, sumOfReleases } from '../plan/release-tallies.ts';
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
  {
    catalogs,
    releases,
    failures,
  }: {
    readonly catalogs: readonly CatalogTally[];
    readonly releases: readonly ReleaseTally[];
    readonly failures: readonly EntryFailure[];
  },
): string {
  const { added, addedBytes, leaving, total } = counts;
  return formatCommitMessage({
    mirror: mirror.name,
    change: { kind: 'published', added, addedBytes, leaving },
    sourceCommit: source.commit,
    sourceSubject: source.subject,
    plan: plan.hash,
    total,
    releases: { sum: sumOfReleases(releases), each: releases.map(describeReleaseTally) },
    catalogs: catalogs.map(describeTally),
    failures: describeFailures(failures),
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
    releases: { sum: '', each: [] },
    catalogs: [],
    failures: [],
  });
}

/** Names and positions on one line; the others are counted. */
const SHOWN = 3;

/** A line for each reason: what failed, where it was asked for, and why. */
function describeFailures(failures: readonly EntryFailure[]): string[] {
  const groups = Map.groupBy(failures, ({ error }) => `${error.code} ${error.message}`);
  return [...groups.values()].map((group) => {
    const positions = group.flatMap(({ entries }) =>
      entries.map(({ position }) => formatPosition(position)),
    );
    const names = firstOf(group.map(({ wanted }) => wanted));
    return `${names} (${firstOf([...new Set(positions)])}): ${group[0]?.error.message ?? ''}`;
  });
}

function firstOf(texts: readonly string[]): string {
  const shown = texts.slice(0, SHOWN).join(', ');
  return texts.length > SHOWN ? `${shown} and ${texts.length - SHOWN} more` : shown;
}
