import type { PassReport } from './pass-report.ts';
import type { Heads, ReconcileDependencies } from './reconcile-dependencies.ts';
import { lookAtHeads, reconcileOnce } from './reconcile-once.ts';
import { createRetries } from './retries.ts';
import { hasMissedTick, startSchedule } from './schedule.ts';
import { type ScheduleState, readScheduleState, writeScheduleState } from './schedule-state.ts';
import { verifyAndHeal } from './verify-and-heal.ts';
import { type WakeUp, createWakeUps } from './wake-ups.ts';

export interface ControllerOptions {
  /** Holds only what can be made again. */
  readonly stateFile: string;
  /** Told of every pass. */
  readonly onReport: (report: PassReport) => void;
  /** Calls the function when somebody asks for a pass now (SIGHUP); returns how to stop that. */
  readonly onRequest: (wake: () => void) => Disposable;
  /** Aborted when no further pass may start; `signal` follows when what is in flight has to end too. */
  readonly stopping: AbortSignal;
}

const JITTER_MS = 5_000;

/**
 * The controller: passes one after the other, by schedule, on request and to try failures again, until the signal
 * (design.md, section 5, "Triggers"). What goes wrong in a pass is reported and never ends it.
 */
export async function runController(
  dependencies: ReconcileDependencies,
  options: ControllerOptions,
  signal: AbortSignal,
): Promise<void> {
  const { settings, clock, log } = dependencies;
  const wakeUps = createWakeUps();
  let state = await readScheduleState(options.stateFile);
  wakeUps.add('start');
  for (const kind of missedSchedules(settings.schedule, state, clock())) wakeUps.add(kind);
  using schedules = new DisposableStack();
  const { poll, resync, verify } = settings.schedule;
  for (const [kind, expression] of Object.entries({ poll, resync, verify })) {
    if (expression === undefined) continue;
    const wake = (): void => {
      wakeUps.add(kind as WakeUp);
    };
    schedules.use(startSchedule(expression, wake, JITTER_MS));
  }
  schedules.use(
    options.onRequest(() => {
      wakeUps.add('request');
    }),
  );

  const retries = createRetries(() => {
    wakeUps.add('retry');
  });
  schedules.use(retries);
  let last: { readonly heads: Heads; readonly unfinished: boolean } | undefined;
  // A look-up or comparison that was due, and whose pass could not be made, is made up in the next one.
  let owed: ReadonlySet<WakeUp> = new Set();

  for (;;) {
    const woken = await nextReasons(wakeUps, options.stopping);
    if (woken === undefined) return;
    const reasons = woken.union(owed);
    owed = new Set();
    try {
      const heads = await lookAtHeads(dependencies, signal);
      const isAsked = [...reasons].some((reason) => reason !== 'poll');
      const isSame =
        last?.heads.source === heads.source && last.heads.manifests === heads.manifests;
      if (isSame && !isAsked && last?.unfinished !== true) continue;

      let lost: Awaited<ReturnType<typeof verifyAndHeal>> = new Map();
      if (reasons.has('verify')) {
        lost = await verifyAndHeal(dependencies, heads, signal);
        state = { ...state, verify: clock().toISOString() };
      }
      const report = await reconcileOnce(
        dependencies,
        heads,
        { isResync: reasons.has('resync'), lost },
        signal,
      );
      if (reasons.has('resync')) state = { ...state, resync: clock().toISOString() };
      if (reasons.has('verify') || reasons.has('resync'))
        await writeScheduleState(options.stateFile, state);
      options.onReport(report);
      // The pass itself moves the manifests branch; what it is at now is what the next look compares with.
      last = {
        heads: await headsAfter(dependencies, heads, report, signal),
        unfinished: isUnfinished(report),
      };
      if (mayPass(report)) retries.failed();
      else retries.succeeded();
    } catch (error) {
      if (signal.aborted || options.stopping.aborted) return;
      log.error({ err: error }, 'the pass could not be made');
      owed = reasons.intersection(new Set<WakeUp>(['resync', 'verify']));
      retries.failed();
    }
  }
}

async function nextReasons(
  wakeUps: ReturnType<typeof createWakeUps>,
  signal: AbortSignal,
): Promise<ReadonlySet<WakeUp> | undefined> {
  try {
    return await wakeUps.next(signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function missedSchedules(
  schedule: ReconcileDependencies['settings']['schedule'],
  state: ScheduleState,
  now: Date,
): ('resync' | 'verify')[] {
  return (['resync', 'verify'] as const).filter((kind) => {
    const expression = schedule[kind];
    const since = state[kind];
    return (
      expression !== undefined &&
      since !== undefined &&
      hasMissedTick(expression, new Date(since), now)
    );
  });
}

async function headsAfter(
  dependencies: ReconcileDependencies,
  before: Heads,
  report: PassReport,
  signal: AbortSignal,
): Promise<Heads> {
  const hasPublished = report.mirrors.some(({ commits }) => commits.length > 0);
  return hasPublished
    ? { ...(await lookAtHeads(dependencies, signal)), source: before.source }
    : before;
}

/** Whether there is something to do without a new commit, such as a delete whose grace is not over. */
function isUnfinished({ mirrors }: PassReport): boolean {
  return mirrors.some(({ unfinished }) => unfinished);
}

/** Whether something failed that may pass by itself; a mistake in a file waits for a commit. */
function mayPass({ mirrors, errors }: PassReport): boolean {
  return errors.length > 0 || mirrors.some(({ state }) => state === 'Degraded');
}
