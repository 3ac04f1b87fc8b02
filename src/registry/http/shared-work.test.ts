import { expect, it } from 'vitest';
import { createSharedWork } from './shared-work.ts';

const { signal } = new AbortController();

it('does work once for all who wait for it, and anew for who comes later', async () => {
  const shared = createSharedWork<number>();
  let calls = 0;
  const work = (): Promise<number> => {
    calls += 1;
    return Promise.resolve(calls);
  };

  expect(await Promise.all([shared.run('a', work, signal), shared.run('a', work, signal)])).toEqual(
    [1, 1],
  );
  expect(await shared.run('a', work, signal)).toBe(2);
});

it('goes on for the others when one gives up, and stops when all have', async () => {
  const shared = createSharedWork<string>();
  const result = Promise.withResolvers<string>();
  let inner: AbortSignal | undefined;
  const work = (signal: AbortSignal): Promise<string> => {
    inner = signal;
    return result.promise;
  };
  const impatient = new AbortController();
  const other = new AbortController();
  const first = shared.run('a', work, impatient.signal);
  const second = shared.run('a', work, other.signal);

  impatient.abort(new Error('enough'));
  await expect(first).rejects.toThrow('enough');
  expect(inner?.aborted).toBe(false);
  other.abort(new Error('me too'));
  await expect(second).rejects.toThrow('me too');

  expect(inner?.aborted).toBe(true);
});

it('fails for all who wait', async () => {
  const shared = createSharedWork<string>();
  const work = (): Promise<string> => Promise.reject(new Error('broken'));

  const results = await Promise.allSettled([
    shared.run('a', work, signal),
    shared.run('a', work, signal),
  ]);

  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});
