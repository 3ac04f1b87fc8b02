import { expect, it } from 'vitest';
import { compareReleaseNames, parseReleaseName } from './release-name.ts';

it.each([
  ['4.18.9-x86_64', { version: '4.18.9', architecture: 'amd64' }],
  ['4.18.9-aarch64', { version: '4.18.9', architecture: 'arm64' }],
  ['4.18.9-ppc64le', { version: '4.18.9', architecture: 'ppc64le' }],
  ['4.18.0-rc.1-s390x', { version: '4.18.0-rc.1', architecture: 's390x' }],
  ['4.18.9-multi', { version: '4.18.9', architecture: 'multi' }],
  ['4.17.0-okd-scos.0', { version: '4.17.0-okd-scos.0' }],
  ['4.18.9-amd64', { version: '4.18.9-amd64' }],
  ['multi', { version: 'multi' }],
  ['-multi', { version: '-multi' }],
])('reads %s', (release, expected) => {
  expect(parseReleaseName(release)).toEqual(expected);
});

it('sorts by version, then by name, and what is no version last', () => {
  const sorted = [
    '4.18.0-rc.1-x86_64',
    '4.18.0-x86_64',
    '4.18.2-x86_64',
    '4.18.10-aarch64',
    '4.18.10-x86_64',
    '04.18',
    'abcdef',
  ];
  expect([...sorted].reverse().sort(compareReleaseNames)).toEqual(sorted);
});
