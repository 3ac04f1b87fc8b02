import { expect, it } from 'vitest';
import { parseBundleVersion } from '../validate/bundle-version.ts';
import { type VersionBounds, isPin, readVersionRange } from './version-range.ts';

const VERSIONS = [
  '0.8.9',
  '0.9.0',
  '0.9.0+1.p',
  '0.9.7',
  '0.10.0',
  '1.0.0-rc.1',
  '1.0.0',
  '1.4.2',
  '2.0.0',
];

function matchesOf(bounds: VersionBounds): string[] {
  const { matches } = readVersionRange(bounds);
  return VERSIONS.filter((text) => {
    const version = parseBundleVersion(text);
    return version !== undefined && matches(version);
  });
}

it.each([
  { bounds: { minVersion: '1.0.0' }, matched: ['1.0.0', '1.4.2', '2.0.0'] },
  { bounds: { minVersion: '1.0.0-0' }, matched: ['1.0.0-rc.1', '1.0.0', '1.4.2', '2.0.0'] },
  { bounds: { minVersion: '0.9.7', maxVersion: '1.0.0' }, matched: ['0.9.7', '0.10.0', '1.0.0'] },
  // One bound with a pre-release is enough for both.
  { bounds: { minVersion: '0.10.0', maxVersion: '1.0.0-z' }, matched: ['0.10.0', '1.0.0-rc.1'] },
  {
    bounds: { minVersion: '0.10.0-0', maxVersion: '1' },
    matched: ['0.10.0', '1.0.0-rc.1', '1.0.0', '1.4.2'],
  },
  { bounds: { maxVersion: '0.9.0' }, matched: ['0.8.9', '0.9.0', '0.9.0+1.p'] },
  { bounds: { maxVersion: '0.9' }, matched: ['0.8.9', '0.9.0', '0.9.0+1.p', '0.9.7'] },
  { bounds: { maxVersion: '0' }, matched: ['0.8.9', '0.9.0', '0.9.0+1.p', '0.9.7', '0.10.0'] },
  { bounds: { maxVersion: '1' }, matched: VERSIONS.filter((text) => !/rc|^2/.test(text)) },
  { bounds: { minVersion: '1.4' }, matched: ['1.4.2', '2.0.0'] },
  { bounds: { minVersion: '2' }, matched: ['2.0.0'] },
  { bounds: { minVersion: 'v01.004.2' }, matched: ['1.4.2', '2.0.0'] },
  { bounds: { minVersion: '2.0.0', maxVersion: '1.0.0' }, matched: [] },
])('takes $bounds as the reference tool does', ({ bounds, matched }) => {
  expect(matchesOf(bounds)).toEqual(matched);
});

it.each([
  { bounds: { minVersion: '1.0.0', maxVersion: '1.0.0' }, pin: true },
  { bounds: { minVersion: '0.9', maxVersion: ' 0.9' }, pin: true },
  { bounds: { minVersion: '0.9', maxVersion: '0.9.0' }, pin: false },
  { bounds: { minVersion: '1.0.0' }, pin: false },
  { bounds: {}, pin: false },
])('tells by the text whether $bounds is one version: $pin', ({ bounds, pin }) => {
  expect(isPin(bounds)).toBe(pin);
});

it('refuses a bound that is no version', () => {
  expect(() => readVersionRange({ minVersion: 'newest' })).toThrow(
    expect.objectContaining({ code: 'IMAGESET_INVALID' }) as Error,
  );
});
