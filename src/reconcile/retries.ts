import { setTimeout } from 'node:timers/promises';

const FIRST_MS = 30_000;
const LONGEST_MS = 30 * 60_000;

/** Tries again what failed, later each time. */
export interface Retries extends Disposable {
  /** Plans the next try, in place of one that is planned. */
  failed(): void;
  /** Forgets failures, and the try that is planned. */
  succeeded(): void;
}

export interface RetriesOptions {
  /** Waits so many milliseconds. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A number of at least 0 and less than 1. */
  readonly random?: () => number;
}

/**
 * Calls `wake` after a failure: after 30 s, twice as long after each further one, at most half an hour, and a tenth
 * more or less, so that controllers that failed together do not ask together.
 */
export function createRetries(
  wake: () => void,
  { sleep = sleepFor, random = Math.random }: RetriesOptions = {},
): Retries {
  let failures = 0;
  let planned: AbortController | undefined;

  function stop(): void {
    planned?.abort();
    planned = undefined;
  }

  return {
    failed() {
      stop();
      const pauseMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** failures) * (0.9 + random() / 5);
      failures += 1;
      const waiting = new AbortController();
      planned = waiting;
      sleep(pauseMs, waiting.signal).then(wake, () => undefined);
    },
    succeeded() {
      stop();
      failures = 0;
    },
    [Symbol.dispose]: stop,
  };
}

async function sleepFor(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal, ref: false });
}
