import { setTimeout as wait } from 'node:timers/promises';
import type { Log } from '../../base/log.ts';
import type { RetrySettings } from '../end-settings.ts';
import { HttpFailure } from './http-failure.ts';

/** Waits; rejects with the signal's reason when it is aborted. */
export type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<void>;

/** A server may ask for an hour; nobody waits longer than this, milliseconds (spec, transfer-engine, 5.10.1). */
const LONGEST_WAIT = 60_000;

export const sleep: Sleep = async (milliseconds, signal) => {
  signal.throwIfAborted();
  try {
    await wait(milliseconds, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
};

/** Calls `attempt` until it succeeds, its failure cannot pass, or the attempts (1 + times) are used up. `mayRepeat` is asked after a failure. */
export async function withRetries<T>(
  {
    retry,
    sleep,
    log,
  }: { readonly retry: RetrySettings; readonly sleep: Sleep; readonly log: Log },
  { attempt, mayRepeat }: { readonly attempt: () => Promise<T>; readonly mayRepeat: () => boolean },
  signal: AbortSignal,
): Promise<T> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof HttpFailure) || !error.again || !mayRepeat() || retries >= retry.times)
        throw error;
      const pauseMs = error.waitMs ?? pauseBefore(retries, retry.delayMs);
      log.debug(
        { pauseMs, retry: retries + 1, of: retry.times, reason: error.message },
        'trying again',
      );
      await sleep(pauseMs, signal);
    }
  }
}

/** The pause before retry `n` (from 0), milliseconds: constant, or 2ⁿ seconds and up to 10 % more (spec, transfer-engine, 4.3). */
export function pauseBefore(n: number, delayMs: number): number {
  if (delayMs > 0) return delayMs;
  return Math.min(LONGEST_WAIT, 1000 * 2 ** n) * (1 + Math.random() / 10);
}

/** `Retry-After` in milliseconds, at most a minute; undefined when it is missing or makes no sense. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Math.min(LONGEST_WAIT, Number(text) * 1000);
  const date = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.min(LONGEST_WAIT, Math.max(0, date - now));
}
