import { expect, it } from 'vitest';
import { formatHeld } from './format-held.ts';

const held = (destination: string, why: string) => ({ destination, reason: 'delete.yaml', why });

it('says a reason once, and which images wait for it', () => {
  expect(
    formatHeld([held('a:1', 'over the cap'), held('b:1', 'wanted'), held('c:1', 'over the cap')]),
  ).toEqual(['held: 2 images: over the cap', '  a:1', '  c:1', 'held: b:1: wanted']);
});

it('stays short', () => {
  const same = Array.from({ length: 12 }, (_, index) => held(`a:${index}`, 'over the cap'));
  const other = Array.from({ length: 60 }, (_, index) => held('a:1', `reason ${index}`));

  expect(formatHeld(same).slice(-2)).toEqual(['  a:9', '  and 2 more']);
  expect(formatHeld(other).at(-1)).toBe('and 10 more deletes are held');
});
