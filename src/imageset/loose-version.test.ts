import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseLooseVersion } from './loose-version.ts';

it.each([
  { text: '1', version: '1.0.0' },
  { text: '1.2', version: '1.2.0' },
  { text: 'v1.2.3', version: '1.2.3' },
  { text: '1.02', version: '1.2.0' },
  { text: '1.2.3-rc.1', version: '1.2.3-rc.1' },
  { text: '0.3.1+0.1618345113.p', version: '0.3.1+0.1618345113.p' },
])('reads $text as $version', ({ text, version }) => {
  expect(parseLooseVersion(text)).toBe(version);
});

it.each(['', 'abc', '-+?', '1.2.3.4', '1.2-rc', 'vv1', '1.', '1..2', '>=1'])(
  'refuses "%s"',
  (text) => {
    expect(parseLooseVersion(text)).toBeUndefined();
  },
);

it('leaves strict versions as they are', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), (major, minor, patch) => {
      const version = `${major}.${minor}.${patch}`;
      expect(parseLooseVersion(version)).toBe(version);
    }),
  );
});
