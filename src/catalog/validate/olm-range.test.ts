import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseBundleVersion } from './bundle-version.ts';
import { parseOlmRange } from './olm-range.ts';

const VERSIONS = [
  '0.9.0',
  '1.0.0-1',
  '1.0.0',
  '1.2.0',
  '1.2.9',
  '1.3.0-0',
  '1.3.0',
  '2.0.0',
  '3.1.4',
];

function matchesOf(range: string): string[] | undefined {
  const matches = parseOlmRange(range);
  if (matches === undefined) return undefined;
  return VERSIONS.filter((text) => {
    const version = parseBundleVersion(text);
    return version !== undefined && matches(version);
  });
}

it.each([
  { range: '1.0.0', matched: ['1.0.0'] },
  { range: '=1.0.0', matched: ['1.0.0'] },
  { range: '==1.0.0', matched: ['1.0.0'] },
  { range: '>=1.0.0 <1.3.0', matched: ['1.0.0', '1.2.0', '1.2.9', '1.3.0-0'] },
  { range: '>= 1.0.0  <  1.2.0', matched: ['1.0.0'] },
  { range: '>1.3.0-0 <=2.0.0', matched: ['1.3.0', '2.0.0'] },
  { range: '<1.0.0', matched: ['0.9.0', '1.0.0-1'] },
  { range: '>=1.3.0 !2.0.0', matched: ['1.3.0', '3.1.4'] },
  { range: '>=1.3.0 !=2.0.0', matched: ['1.3.0', '3.1.4'] },
  { range: '<1.0.0 || >=2.0.0', matched: ['0.9.0', '1.0.0-1', '2.0.0', '3.1.4'] },
  { range: '1.2.x', matched: ['1.2.0', '1.2.9', '1.3.0-0'] },
  { range: '1.x', matched: ['1.0.0', '1.2.0', '1.2.9', '1.3.0-0', '1.3.0'] },
  { range: '1.x.x', matched: ['1.0.0', '1.2.0', '1.2.9', '1.3.0-0', '1.3.0'] },
  { range: '>1.2.x', matched: ['1.3.0', '2.0.0', '3.1.4'] },
  { range: '>=1.2.x <2.x', matched: ['1.2.0', '1.2.9', '1.3.0-0', '1.3.0'] },
  { range: '<=1.x', matched: VERSIONS.slice(0, 7) },
  { range: '<1.2.x', matched: ['0.9.0', '1.0.0-1', '1.0.0'] },
])('matches what OLM matches with "$range"', ({ range, matched }) => {
  expect(matchesOf(range)).toEqual(matched);
});

it.each([
  '',
  ' ',
  '||',
  '1.0.0 ||',
  '|| 1.0.0',
  '1.0.0||2.0.0',
  '1.0',
  'v1.0.0',
  '^1.0.0',
  '~1.0.0',
  '>=1.0.0,<2.0.0',
  '>>1.0.0',
  'x',
  '*',
  '>=',
  '1.0.0 - 2.0.0',
  '>=1.0.0\t<2.0.0',
])('reads no range in "%s"', (range) => {
  expect(parseOlmRange(range)).toBeUndefined();
});

it('reads any text without failing', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[<>=!|x0-2. -]{0,30}$/), (range) => {
      const version = parseBundleVersion('1.0.0');
      if (version === undefined) throw new Error('1.0.0');
      expect([true, false, undefined]).toContain(parseOlmRange(range)?.(version));
    }),
    { numRuns: 2000 },
  );
});
