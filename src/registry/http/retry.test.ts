import { describe, expect, it } from 'vitest';
import { silentLog } from '../../base/log.ts';
import { HttpFailure } from './http-failure.ts';
import { parseRetryAfter, pauseBefore, sleep, withRetries } from './retry.ts';

const failure = (again: boolean, waitMs?: number): HttpFailure =>
  new HttpFailure('REGISTRY_BROKEN', 'broken', { remedy: 'retry-later', again, waitMs });

interface Try {
  readonly times: number;
  readonly failures: readonly Error[];
  readonly mayRepeat?: boolean;
}

async function run({
  times,
  failures,
  mayRepeat = true,
}: Try): Promise<{ pauses: number[]; attempts: number; error: unknown }> {
  const pauses: number[] = [];
  let attempts = 0;
  const record = (milliseconds: number): Promise<void> => {
    pauses.push(milliseconds);
    return Promise.resolve();
  };
  const attempt = (): Promise<void> => {
    const error = failures[attempts];
    attempts += 1;
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  };
  const error: unknown = await withRetries(
    { retry: { times, delayMs: 7 }, sleep: record, log: silentLog },
    { attempt, mayRepeat: () => mayRepeat },
    new AbortController().signal,
  ).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  return { pauses, attempts, error };
}

describe('withRetries', () => {
  it('makes one attempt more than the retries', async () => {
    const last = failure(true);

    expect(await run({ times: 2, failures: [failure(true), failure(true), last] })).toEqual({
      pauses: [7, 7],
      attempts: 3,
      error: last,
    });
  });

  it('stops at the first success', async () => {
    expect(await run({ times: 5, failures: [failure(true)] })).toEqual({
      pauses: [7],
      attempts: 2,
      error: undefined,
    });
  });

  it.each([0, -1])('makes a single attempt with %s retries', async (times) => {
    expect(await run({ times, failures: [failure(true)] })).toMatchObject({ attempts: 1 });
  });

  it('does not repeat what cannot pass', async () => {
    expect(await run({ times: 5, failures: [failure(false)] })).toMatchObject({ attempts: 1 });
    expect(await run({ times: 5, failures: [new Error('a defect')] })).toMatchObject({
      attempts: 1,
    });
  });

  it('does not repeat what cannot be sent again', async () => {
    expect(await run({ times: 5, failures: [failure(true)], mayRepeat: false })).toMatchObject({
      attempts: 1,
    });
  });

  it('waits as long as the server asks', async () => {
    expect(await run({ times: 5, failures: [failure(true, 3000)] })).toMatchObject({
      pauses: [3000],
    });
  });
});

it.each([
  { n: 0, least: 1000 },
  { n: 1, least: 2000 },
  { n: 4, least: 16_000 },
  { n: 20, least: 60_000 },
])('doubles the pause with up to a tenth more: $n', ({ n, least }) => {
  const pause = pauseBefore(n, 0);

  expect(pause).toBeGreaterThanOrEqual(least);
  expect(pause).toBeLessThanOrEqual(least * 1.1);
});

it.each([
  { value: '5', waitMs: 5000 },
  { value: ' 0 ', waitMs: 0 },
  { value: '3600', waitMs: 60_000 },
  { value: 'Wed, 21 Oct 2015 07:28:10 GMT', waitMs: 10_000 },
  { value: 'Wed, 21 Oct 2015 07:27:00 GMT', waitMs: 0 },
  { value: 'Wed, 21 Oct 2026 07:28:00 GMT', waitMs: 60_000 },
  { value: '-5', waitMs: undefined },
  { value: 'soon', waitMs: undefined },
  { value: undefined, waitMs: undefined },
])('reads Retry-After: $value as $waitMs', ({ value, waitMs }) => {
  expect(parseRetryAfter(value, Date.parse('2015-10-21T07:28:00Z'))).toBe(waitMs);
});

it('wakes up when it is aborted, with the reason', async () => {
  const controller = new AbortController();
  const sleeping = sleep(60_000, controller.signal);

  controller.abort(new Error('stop'));

  await expect(sleeping).rejects.toThrow('stop');
});
