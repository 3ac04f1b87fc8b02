import { createTask } from 'node-cron';

const MINUTE_MS = 60_000;
/** Nobody remembers ticks for longer; whatever the expression, one was missed then. */
const LONGEST_MS = 40 * 24 * 60 * MINUTE_MS;

/**
 * Calls `onTick` at every tick of a cron expression, in UTC, until disposed. With jitter, so that controllers that
 * were started together do not ask together.
 */
export function startSchedule(
  expression: string,
  onTick: () => void,
  jitterMs: number,
): Disposable {
  const task = createTask(expression, onTick, { timezone: 'UTC', maxRandomDelay: jitterMs });
  void task.start();
  return {
    [Symbol.dispose]() {
      void task.destroy();
    },
  };
}

/** Whether a cron expression, in UTC, had a tick after `since` and not after `now`: one that was missed is made up. */
export function hasMissedTick(expression: string, since: Date, now: Date): boolean {
  if (now.getTime() - since.getTime() > LONGEST_MS) return true;
  const task = createTask(expression, () => undefined, { timezone: 'UTC' });
  try {
    const first = Math.floor(since.getTime() / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
    for (let time = first; time <= now.getTime(); time += MINUTE_MS) {
      if (task.match(new Date(time))) return true;
    }
    return false;
  } finally {
    void task.destroy();
  }
}
