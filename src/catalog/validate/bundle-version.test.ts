import fc from 'fast-check';
import { compare, parse } from 'semver';
import { expect, it } from 'vitest';
import { compareBundleVersions, parseBundleVersion } from './bundle-version.ts';

const VERSION = fc.stringMatching(
  /^(0|[1-9]\d?)\.(0|[1-9])\.(0|[1-9])(-([a-c1-9-]|0|[1-9]\d)(\.([a-c1-9-]|0)){0,2})?(\+[a-c0-9](\.[a-c0-9]){0,1})?$/,
);

it.each([
  '1.2.3',
  '0.0.0',
  '4.8.0-10',
  '0.9.0+1.p',
  '0.19.1-0.1682321189.p',
  '1.0.0-a-b.--.0a+007',
  '18446744073709551615.0.0',
])('reads %s', (text) => {
  expect(parseBundleVersion(text)?.text).toBe(text);
});

it.each([
  '',
  '1',
  '1.2',
  'v1.2.3',
  ' 1.2.3',
  '1.2.3 ',
  '01.2.3',
  '1.2.3-01',
  '1.2.3-',
  '1.2.3+',
  '1.2.3-a..b',
  '1.2.3+a..b',
  '1.2.3-ä',
  '1.2.x',
  '1.2.3.4',
  '18446744073709551616.0.0',
  '1.0.0-18446744073709551616',
])('refuses "%s"', (text) => {
  expect(parseBundleVersion(text)).toBeUndefined();
});

it('reads what the semver package reads, and orders it alike', () => {
  fc.assert(
    fc.property(VERSION, VERSION, (left, right) => {
      const one = parseBundleVersion(left);
      const other = parseBundleVersion(right);
      if (one === undefined || other === undefined) throw new Error(`${left} or ${right}`);
      expect(Math.sign(compareBundleVersions(one, other))).toBe(compare(left, right));
    }),
  );
});

it('agrees with the semver package on what is a version at all', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-3a.+-]{1,9}$/), (text) => {
      expect(parseBundleVersion(text) !== undefined).toBe(parse(text) !== null);
    }),
    { numRuns: 1000 },
  );
});

it('orders numbers that a double cannot tell apart', () => {
  const texts = ['1.0.0-9007199254740993', '1.0.0-9007199254740992', '1.0.0'];
  const sorted = texts
    .flatMap((text) => parseBundleVersion(text) ?? [])
    .sort(compareBundleVersions)
    .map(({ text }) => text);

  expect(sorted).toEqual(['1.0.0-9007199254740992', '1.0.0-9007199254740993', '1.0.0']);
});
