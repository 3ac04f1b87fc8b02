import { describe, expect, it } from 'vitest';
import { digestOf } from '../oci/digest.ts';
import { createBlobTurns } from './blob-turns.ts';

const shared = digestOf(Buffer.from('shared'));

/** Whether a promise has been settled by now. */
async function isOver(work: Promise<void> | undefined): Promise<boolean> {
  let over = work === undefined;
  void work?.then(() => (over = true));
  await new Promise((resolve) => setImmediate(resolve));
  return over;
}

describe('turns', () => {
  function started(): ReturnType<typeof createBlobTurns> {
    const turns = createBlobTurns();
    for (const image of ['first', 'second', 'third']) turns.start(image, 'host', [shared]);
    return turns;
  }

  it.each(['arrive', 'end'] as const)(
    'make an image wait until the one that started before it has come to the blob or ended (%s)',
    async (way) => {
      const turns = started();
      turns.arrive('second', 'host', shared);
      const waiting = turns.earlier('second', 'host', shared);
      expect(await isOver(waiting)).toBe(false);

      if (way === 'arrive') turns.arrive('first', 'host', shared);
      else turns.end('first');

      expect(await isOver(waiting)).toBe(true);
      expect(turns.earlier('second', 'host', shared)).toBeUndefined();
    },
  );

  it('never make the first one wait, nor anybody for an image that started later', () => {
    const turns = started();
    expect(turns.earlier('first', 'host', shared)).toBeUndefined();
    turns.end('first');
    expect(turns.earlier('second', 'host', shared)).toBeUndefined();
  });

  it('are of one scope and one blob, and of images that started', () => {
    const turns = started();
    expect(turns.earlier('third', 'elsewhere', shared)).toBeUndefined();
    expect(turns.earlier('third', 'host', digestOf(Buffer.from('own')))).toBeUndefined();
    expect(turns.earlier('unknown', 'host', shared)).toBeUndefined();
  });
});
