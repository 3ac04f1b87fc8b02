import { ControllerError } from '../base/controller-error.ts';
import { SHOWN_PROBLEMS, formatProblem } from '../base/field-problem.ts';
import type { EntryFailure } from '../lock/entry-failure.ts';
import type { Lock } from '../lock/lock.ts';
import { type CatalogTally, catalogTallies } from '../plan/catalog-tallies.ts';
import { isSameState, nextLock } from '../plan/next-lock.ts';
import type { Plan } from '../plan/plan.ts';
import { type ReleaseTally, releaseTallies } from '../plan/release-tallies.ts';
import { carryOutDeletes } from './carry-out-deletes.ts';
import { publishedMessage } from './commit-text.ts';
import { hasDoubts } from './lines-in-doubt.ts';
import { mirrorImages } from './mirror-images.ts';
import { outputParts } from './output-parts.ts';
import type { PassContext } from './pass-context.ts';
import type { MirrorReport } from './pass-report.ts';
import { type PreparedPlan, preparePlan } from './prepare-plan.ts';
import type { RecentDeletes } from './recent-deletes.ts';
import { renderOutput } from './render-output.ts';

/** A pass plans anew when somebody else changed a lock at the registry or the files meanwhile; so often at most. */
const MAX_PLANS = 6;

/** What a pass has done so far, over all its plans. */
export interface Tally {
  readonly commits: string[];
  readonly catalogs: CatalogTally[];
  readonly releases: ReleaseTally[];
  added: number;
  gone: number;
  deleted: number;
  bytesSent: number;
}

/**
 * The pass of one mirror (design.md, section 5): resolve, plan, mirror, publish, delete. Safe to repeat and to
 * interrupt anywhere: what it needs to go on is in Git and at the registry.
 * @throws ControllerError where the pass could not be made or published at all.
 */
export async function passOfMirror(
  context: PassContext,
  signal: AbortSignal,
): Promise<MirrorReport> {
  const tally: Tally = {
    ...{ commits: [], catalogs: [], releases: [] },
    ...{ added: 0, gone: 0, deleted: 0, bytesSent: 0 },
  };
  let current = context;
  for (let attempt = 0; attempt < MAX_PLANS; attempt += 1) {
    signal.throwIfAborted();
    const report = await attemptPass(current, tally, signal);
    if (report !== 'overtaken') return report;
    // Who overtook may have read newer files: an older commit does not undo what a newer one did.
    current = await current.renewed(signal);
    current.log.info(
      { attempt: attempt + 1, commit: current.source.commit },
      'a branch moved meanwhile, planning again',
    );
  }
  throw new ControllerError(
    'GIT_REJECTED',
    `the branches changed during ${MAX_PLANS} plans in a row of mirror ${context.mirror.name}`,
    {
      remedy: 'retry-later',
      hint: 'The next pass tries again. Look at who else pushes to them.',
    },
  );
}

async function attemptPass(
  context: PassContext,
  tally: Tally,
  signal: AbortSignal,
): Promise<MirrorReport | 'overtaken'> {
  if (context.files.problems.length > 0) return stalled(context, tally, undefined);
  const prepared = await prepare(context, signal);
  if (prepared instanceof ControllerError) return stalled(context, tally, prepared);
  const { plan, lock, recent } = prepared;
  const parts = await outputParts(context, prepared);
  for (const warning of prepared.warnings.slice(0, SHOWN_PROBLEMS))
    context.log.info({ warning: formatProblem(warning) }, 'warning of what was resolved');
  const mirrored = await mirrorImages(context, prepared, signal);
  tally.bytesSent += mirrored.bytesSent;
  const failures = [...plan.failures, ...mirrored.failures];
  const next = keepCommit(nextLock(plan, lock, mirrored.outcome), lock);
  const done = { context, tally, plan, parts, recent, failures, warnings: mirrored.warnings };
  // A first pass at a destination in which nothing worked has nothing to publish, and nothing to remember. Clusters go on
  // with the destination that was, where there was one.
  const isFirst = lock?.destination !== next.destination;
  if (isFirst && isEmpty(next) && failures.length > 0) return finished(done, next);

  const counts = countLines(lock, next);
  const catalogs = catalogTallies(lock, next);
  const releases = releaseTallies(lock, next);
  const published = await context.branch.publish(
    {
      folder: context.mirror.output,
      files: renderOutput(next, context.mirror, parts).files,
      message: publishedMessage(
        context,
        plan,
        { ...counts, total: next.images.length },
        { catalogs, releases, failures },
      ),
      host: context.mirror.destination.host,
    },
    signal,
  );
  if (published.kind === 'overtaken') return 'overtaken';
  if (published.kind === 'pushed') {
    tally.commits.push(published.commit);
    tally.catalogs.push(...catalogs);
    tally.releases.push(...releases);
    tally.added += counts.added;
    tally.gone += counts.leaving;
  }
  const deleted = await carryOutDeletes(
    { ...done, lock: next, isNew: published.kind === 'pushed' },
    signal,
  );
  if (deleted === 'overtaken') return 'overtaken';
  return finished({ ...done, warnings: [...done.warnings, ...deleted.warnings] }, deleted.lock);
}

/** The plan, or why the mirror's lock cannot be read. */
async function prepare(
  context: PassContext,
  signal: AbortSignal,
): Promise<PreparedPlan | ControllerError> {
  try {
    return await preparePlan(context, signal);
  } catch (error) {
    if (error instanceof ControllerError && error.code === 'LOCK_INVALID') return error;
    throw error;
  }
}

/** A source commit that changes nothing of a mirror makes no commit: the lock keeps the last one that did. */
function keepCommit(next: Lock, before: Lock | undefined): Lock {
  return before !== undefined && isSameState(next, before) ? before : next;
}

function isEmpty(lock: Lock): boolean {
  return lock.images.length + lock.deleting.length + lock.deletions.length === 0;
}

function countLines(
  before: Lock | undefined,
  after: Lock,
): { added: number; addedBytes: number; leaving: number } {
  if (before === after) return { added: 0, addedBytes: 0, leaving: 0 };
  const key = ({ destination, digest, source }: Lock['images'][number]): string =>
    `${destination} ${digest} ${source}`;
  const old = new Set(before?.images.map(key));
  const now = new Set(after.images.map(key));
  const added = after.images.filter((line) => !old.has(key(line)));
  const addedBytes = added.reduce((sum, { bytes }) => sum + bytes, 0);
  return { added: added.length, addedBytes, leaving: old.difference(now).size };
}

interface Done {
  readonly context: PassContext;
  readonly tally: Tally;
  readonly plan: Plan;
  readonly recent: RecentDeletes;
  readonly failures: readonly EntryFailure[];
  readonly warnings: readonly string[];
}

function finished(
  { context, tally, plan, recent, failures, warnings }: Done,
  lock: Lock,
): MirrorReport {
  const didSomething = tally.commits.length > 0 || tally.bytesSent > 0 || tally.deleted > 0;
  const state = failures.length > 0 ? 'Degraded' : didSomething ? 'Applied' : 'Unchanged';
  const unfinished =
    lock.deleting.some(({ held }) => held === undefined) ||
    hasDoubts(lock, context.mirror.destination, recent);
  return {
    ...base(context),
    state,
    commits: tally.commits,
    catalogs: tally.catalogs,
    releases: tally.releases,
    images: { added: tally.added, gone: tally.gone, total: lock.images.length },
    bytesSent: tally.bytesSent,
    deleted: tally.deleted,
    failures,
    held: [...plan.held, ...heldAtRegistry(lock)],
    warnings: [...warningsOf(context), ...warnings],
    unfinished,
    // What deletes may have taken is looked at in every pass for a while.
    settled: state === 'Unchanged' && !unfinished && !recent.hasAny,
  };
}

function heldAtRegistry(lock: Lock): Plan['held'] {
  return lock.deleting.flatMap(({ destination, digest, reason, held }) =>
    held === undefined ? [] : [{ destination, digest, reason, why: held }],
  );
}

function stalled(
  context: PassContext,
  { commits }: Tally,
  error: ControllerError | undefined,
): MirrorReport {
  return { ...base(context), commits, state: 'Stalled', ...(error === undefined ? {} : { error }) };
}

function base({ mirror, source, files }: PassContext): Omit<MirrorReport, 'state'> {
  return {
    mirror: mirror.name,
    sourceCommit: source.commit,
    commits: [],
    images: { added: 0, gone: 0, total: 0 },
    catalogs: [],
    releases: [],
    bytesSent: 0,
    deleted: 0,
    problems: files.problems,
    failures: [],
    held: [],
    warnings: [],
    unfinished: false,
    settled: false,
  };
}

function warningsOf({ files }: PassContext): string[] {
  return files.warnings.map(formatProblem);
}
