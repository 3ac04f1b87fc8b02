import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareText } from './compare-text.ts';

it('orders by code point, as UTF-8 bytes are ordered', () => {
  const text = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(text, text, (a, b) => {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
      expect(Math.sign(compareText(a, b))).toBe(expected);
    }),
  );
});

it('puts what is above U+FFFF behind the private use area', () => {
  expect(['\u{1F600}', '\uE000', 'z'].sort(compareText)).toEqual(['z', '\uE000', '\u{1F600}']);
});
