import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { forEachConcurrently } from './for-each-concurrently.ts';

const NEVER = new AbortController().signal;

it('never runs more than the limit at once, and runs everything', async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  await forEachConcurrently([1, 2, 3, 4, 5, 6, 7], { limit: 3, signal: NEVER }, async (item) => {
    running += 1;
    most = Math.max(most, running);
    await nextTurn();
    running -= 1;
    done.push(item);
  });
  expect([most, done.length]).toEqual([3, 7]);
});

it('rethrows the first failure once every started call has settled, and starts no more', async () => {
  const settled: number[] = [];
  const work = forEachConcurrently(
    [1, 2, 3, 4],
    { limit: 2, signal: NEVER },
    async (item, signal) => {
      if (item === 1) throw new Error('first');
      await nextTurn();
      expect(signal.aborted).toBe(true);
      settled.push(item);
    },
  );
  await expect(work).rejects.toThrow('first');
  expect(settled).toEqual([2]);
});

it('ends with the reason of the signal', async () => {
  const abort = new AbortController();
  const work = forEachConcurrently([1, 2], { limit: 1, signal: abort.signal }, async () => {
    abort.abort(new Error('stopped'));
    await nextTurn();
  });
  await expect(work).rejects.toThrow('stopped');
});
