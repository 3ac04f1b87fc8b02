import fc from 'fast-check';
import { expect, it } from 'vitest';
import { closestWord } from './closest-word.ts';

const FIELDS = [
  'platform',
  'operators',
  'additionalImages',
  'helm',
  'blockedImages',
  'minVersion',
  'maxVersion',
];

it.each([
  { word: 'AdditionalImages', meant: 'additionalImages' },
  { word: 'additional_images', meant: 'additionalImages' },
  { word: 'operator', meant: 'operators' },
  { word: 'opreators', meant: 'operators' },
  { word: 'additional', meant: 'additionalImages' },
  { word: 'maxversoin', meant: 'maxVersion' },
  { word: 'hlem', meant: 'helm' },
])('takes $word for $meant', ({ word, meant }) => {
  expect(closestWord(word, FIELDS)).toBe(meant);
});

it.each(['storageConfig', 'x', '', 'tag', 'a'.repeat(100_000)])(
  'has no idea what %.20s means',
  (word) => {
    expect(closestWord(word, FIELDS)).toBeUndefined();
  },
);

it('finds every word itself', () => {
  fc.assert(
    fc.property(fc.constantFrom(...FIELDS), (word) => {
      expect(closestWord(word, FIELDS)).toBe(word);
    }),
  );
});
