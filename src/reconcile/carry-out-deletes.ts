import type { ControllerError } from '../base/controller-error.ts';
import type { EntryFailure } from '../lock/entry-failure.ts';
import { type DeletingImage, type Lock, formatLock } from '../lock/lock.ts';
import { type DeleteOutcome, type ImageDelete, deleteImages } from '../mirror/delete-images.ts';
import { absolutePlace, formatPlace } from '../oci/destination.ts';
import { isHeldByWish } from '../plan/held-by-wish.ts';
import { lockAfterDeletes } from '../plan/next-lock.ts';
import { PRUNE, type Plan } from '../plan/plan.ts';
import { deletedMessage } from './commit-text.ts';
import { targetOf } from './ends.ts';
import { lockPath } from './manifests-branch.ts';
import type { Tally } from './mirror-pass.ts';
import type { PassContext } from './pass-context.ts';
import { DELETE_LIMIT_MS } from './recent-deletes.ts';
import { type OutputParts, renderOutput } from './render-output.ts';

export interface DeletesToCarryOut {
  readonly context: PassContext;
  readonly tally: Tally;
  readonly plan: Plan;
  readonly parts: OutputParts;
  /** The lock as it was published. */
  readonly lock: Lock;
  /** Whether the publication changed something: then held deletes are tried again. */
  readonly isNew: boolean;
  readonly failures: readonly EntryFailure[];
}

export interface CarriedOut {
  readonly lock: Lock;
  readonly warnings: readonly string[];
}

/**
 * Deletes what `deleting` lists and whose grace is over, then publishes the lock without it (design.md, section 5,
 * step 8). Manifests have stopped naming it by then. Just before, the head is looked at again: where a lock at the
 * registry changed, the plan is made again.
 */
export async function carryOutDeletes(
  work: DeletesToCarryOut,
  signal: AbortSignal,
): Promise<CarriedOut | 'overtaken'> {
  const { context, lock } = work;
  const { branch, mirror } = context;
  const due = await dueDeletes(work, signal);
  if (due.length === 0) return { lock, warnings: [] };
  // Nothing is deleted on the word of files that are no longer the last ones, nor of a lock that is not.
  if ((await context.renewed(signal)) !== context) return 'overtaken';
  if ((await branch.refresh(mirror.destination.host, signal)) === 'overtaken') return 'overtaken';

  const outcomes = await deleteAll(context, due, signal);
  const gone = new Set<string>();
  const held = new Map<string, string>();
  for (const [line, outcome] of outcomes) {
    const { destination } = line;
    if (outcome.kind === 'deleted' || outcome.kind === 'gone') gone.add(destination);
    if (outcome.kind === 'held') held.set(destination, outcome.reason);
    // Asking such a registry again in every pass would change nothing.
    if (outcome.kind === 'failed' && outcome.error.code === 'REGISTRY_DELETE_UNSUPPORTED') {
      held.set(destination, heldForGood(outcome.error));
    }
    if (outcome.kind === 'deleted') work.tally.deleted += 1;
  }
  const after = lockAfterDeletes(lock, { gone, held });
  if (formatLock(after) !== formatLock(lock)) {
    const published = await branch.publish(
      {
        folder: mirror.output,
        files: renderOutput(after, mirror, work.parts).files,
        message: deletedMessage(context, work.plan, gone.size, after.images.length),
        host: mirror.destination.host,
      },
      signal,
    );
    // What the new head names may be what was just deleted: it is in doubt, and looked at by every pass.
    if (published.kind === 'overtaken') return 'overtaken';
    if (published.kind === 'pushed') work.tally.commits.push(published.commit);
  }
  return { lock: after, warnings: warningsOf(outcomes) };
}

/** Why a registry that does not delete holds an image, and what its people can do. */
function heldForGood({ message, hint }: ControllerError): string {
  const advice = hint === undefined ? '' : ` ${hint}`;
  return `${message}.${advice} It is tried again when an image set of the mirror changes.`;
}

async function deleteAll(
  context: PassContext,
  due: readonly DeletingImage[],
  signal: AbortSignal,
): Promise<Map<DeletingImage, DeleteOutcome>> {
  const { ends, mirror, transfer } = context;
  const lines = new Map<ImageDelete, DeletingImage>();
  for (const line of due) {
    const place = absolutePlace(line.destination, mirror.destination);
    if (place !== undefined) lines.set({ ...place, digest: line.digest }, line);
  }
  const outcomes = await deleteImages(
    [...lines.keys()],
    (repository) => targetOf(ends, { host: mirror.destination.host, repository }),
    { manifests: ends.manifests, parallelRequests: transfer.parallelBlobs },
    AbortSignal.any([signal, AbortSignal.timeout(DELETE_LIMIT_MS)]),
  );
  const byLine = new Map<DeletingImage, DeleteOutcome>();
  for (const [place, outcome] of outcomes) {
    const line = lines.get(place);
    if (line === undefined) continue;
    byLine.set(line, outcome);
    const fields = {
      place: formatPlace({ ...place, host: mirror.destination.host }),
      digest: place.digest,
    };
    if (outcome.kind === 'held')
      context.log.warn({ ...fields, reason: outcome.reason }, 'delete is held');
    if (outcome.kind === 'deleted' || outcome.kind === 'gone')
      context.log.info({ ...fields, outcome: outcome.kind }, 'image left the registry');
  }
  signal.throwIfAborted();
  return byLine;
}

/**
 * Lines that may go now: wanted by nobody, their grace over, and nothing pruned in a pass with failures. What a
 * registry held is tried again in a new lock.
 */
async function dueDeletes(
  { context, lock, isNew, failures }: DeletesToCarryOut,
  signal: AbortSignal,
): Promise<DeletingImage[]> {
  const candidates = lock.deleting.filter(
    ({ held, reason }) =>
      (held === undefined || (isNew && !isHeldByWish(held))) &&
      (reason !== PRUNE || failures.length === 0),
  );
  const { graceMs } = context.mirror.deletion;
  if (candidates.length === 0 || graceMs <= 0) return candidates;
  const now = context.clock().getTime();
  const due: DeletingImage[] = [];
  for (const line of candidates) {
    const since = await context.branch.firstCommitWith(
      lockPath(context.mirror.output),
      lineText(line),
      signal,
    );
    if (since !== undefined && now - since.getTime() >= graceMs) due.push(line);
  }
  return due;
}

/** What the line is recognised by in the lock's earlier versions: its place, digest and source commit stay as they are. */
function lineText({ destination, since }: DeletingImage): (text: string) => boolean {
  const place = `"destination": ${JSON.stringify(destination)}`;
  const commit = `"since": ${JSON.stringify(since)}`;
  return (text) => text.split('\n').some((line) => line.includes(place) && line.includes(commit));
}

/** What could not be deleted stays in `deleting`, and the next pass tries again. */
function warningsOf(outcomes: ReadonlyMap<DeletingImage, DeleteOutcome>): string[] {
  return [...outcomes].flatMap(([{ destination }, outcome]) =>
    outcome.kind === 'failed' && outcome.error.code !== 'REGISTRY_DELETE_UNSUPPORTED'
      ? [`${destination} could not be deleted: ${outcome.error.message}`]
      : [],
  );
}
