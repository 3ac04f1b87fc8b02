import { expect, it, vi } from 'vitest';
import { type Retries, createRetries } from './retries.ts';

/** Retries on a clock that stands still: `tick` ends the pause that is planned. */
function retriesOn({ random = 0.5 }: { readonly random?: number } = {}): {
  readonly retries: Retries;
  readonly wake: ReturnType<typeof vi.fn>;
  readonly pauses: readonly number[];
  readonly tick: () => Promise<void>;
} {
  const pauses: number[] = [];
  const wake = vi.fn();
  let end: () => void = () => undefined;
  const retries = createRetries(wake, {
    random: () => random,
    sleep(ms, signal) {
      pauses.push(Math.round(ms));
      return new Promise((resolve, reject) => {
        end = resolve;
        signal.addEventListener('abort', () => {
          reject(new Error('stopped'));
        });
      });
    },
  });
  return {
    ...{ retries, wake, pauses },
    async tick() {
      end();
      await Promise.resolve();
      await Promise.resolve();
    },
  };
}

it('waits twice as long after each failure, up to half an hour', async () => {
  const { retries, wake, pauses, tick } = retriesOn();

  for (let failure = 0; failure < 9; failure += 1) {
    retries.failed();
    await tick();
  }

  expect(pauses.map((ms) => ms / 1000)).toEqual([30, 60, 120, 240, 480, 960, 1800, 1800, 1800]);
  expect(wake).toHaveBeenCalledTimes(9);
});

it.each([
  [0, 27_000],
  [0.999_999, 33_000],
])('waits a tenth less or more by chance (%d)', (random, pause) => {
  const { retries, pauses } = retriesOn({ random });

  retries.failed();

  expect(pauses).toEqual([pause]);
});

it('begins anew after a success, which takes back the try that was planned', async () => {
  const { retries, wake, pauses, tick } = retriesOn();
  retries.failed();
  retries.failed();

  retries.succeeded();
  await tick();
  retries.failed();

  expect(wake).not.toHaveBeenCalled();
  expect(pauses.at(-1)).toBe(30_000);
});

it('wakes nobody up once it is disposed', async () => {
  const { retries, wake, tick } = retriesOn();
  retries.failed();

  retries[Symbol.dispose]();
  await tick();

  expect(wake).not.toHaveBeenCalled();
});
