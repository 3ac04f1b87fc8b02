import { expect, it } from 'vitest';
import { createRequestLimit, type Slot } from './request-limit.ts';

const { signal } = new AbortController();

async function acquire(
  limit: ReturnType<typeof createRequestLimit>,
  count: number,
): Promise<Slot[]> {
  return await Promise.all(Array.from({ length: count }, () => limit.acquire(signal)));
}

it('lets as many in as the limit says, and the others in their order', async () => {
  const limit = createRequestLimit(2);
  const [first] = await acquire(limit, 2);
  const entered: number[] = [];
  const waiting = [1, 2].map(async (number) => {
    const slot = await limit.acquire(signal);
    entered.push(number);
    return slot;
  });

  await Promise.resolve();
  expect(entered).toEqual([]);
  first?.release('succeeded');
  first?.release('succeeded');
  const third = await waiting[0];
  expect(entered).toEqual([1]);
  third?.release('succeeded');
  await waiting[1];
  expect(entered).toEqual([1, 2]);
});

it('halves on a 429, once for all requests that were in flight together', async () => {
  const limit = createRequestLimit(8);
  const slots = await acquire(limit, 8);

  for (const slot of slots) slot.release('throttled');

  expect(limit.current).toBe(4);
  for (let halvings = 0; halvings < 5; halvings += 1)
    (await limit.acquire(signal)).release('throttled');
  expect(limit.current).toBe(1);
});

it('grows by one after a round of successes, up to where it started', async () => {
  const limit = createRequestLimit(4);
  (await limit.acquire(signal)).release('throttled');
  const seen: number[] = [];

  for (let sent = 0; sent < 8; sent += 1) {
    (await limit.acquire(signal)).release('succeeded');
    seen.push(limit.current);
  }

  expect(seen).toEqual([2, 3, 3, 3, 4, 4, 4, 4]);
});

it('lets nobody in over a limit that shrank', async () => {
  const limit = createRequestLimit(4);
  const slots = await acquire(limit, 4);
  let entered = 0;
  const waiting = limit.acquire(signal).then((slot) => {
    entered += 1;
    return slot;
  });

  slots[0]?.release('throttled');
  slots[1]?.release('failed');
  await Promise.resolve();
  expect(entered).toBe(0);
  slots[2]?.release('failed');
  await waiting;
  expect(entered).toBe(1);
});

it('forgets who gave up waiting', async () => {
  const limit = createRequestLimit(1);
  const [slot] = await acquire(limit, 1);
  const impatient = new AbortController();
  const given = limit.acquire(impatient.signal);
  const patient = limit.acquire(signal);

  impatient.abort(new Error('enough'));
  slot?.release('succeeded');

  await expect(given).rejects.toThrow('enough');
  await expect(patient).resolves.toBeDefined();
});
