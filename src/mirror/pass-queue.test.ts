import { expect, it } from 'vitest';
import { createPassQueue } from './pass-queue.ts';

it('starts an image when the last that it waits for is done', () => {
  const queue = createPassQueue([
    { id: 'last', rank: 0, waitsFor: ['a', 'b'] },
    { id: 'a', rank: 1 },
    { id: 'b', rank: 1 },
  ]);
  expect([queue.next()?.id, queue.next()?.id, queue.next()]).toEqual(['a', 'b', undefined]);

  queue.settle('a', true);
  expect(queue.next()).toBeUndefined();
  queue.settle('b', false);
  expect(queue.next()?.id).toBe('last');
  expect(queue.rest()).toEqual([]);
});

it('skips an image once, when the last that it requires is done', () => {
  const queue = createPassQueue([
    { id: 'last', rank: 0, requires: ['a', 'b'] },
    { id: 'a', rank: 1 },
    { id: 'b', rank: 1 },
  ]);

  expect(queue.settle('a', false)).toEqual([]);
  expect(queue.settle('b', false)).toMatchObject([{ image: { id: 'last' }, failed: ['a', 'b'] }]);
});

it('refuses two images of one id', () => {
  const image = { id: 'a', rank: 0 };
  expect(() => createPassQueue([image, { ...image }])).toThrow('one id');
});
