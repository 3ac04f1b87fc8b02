import { describe, expect, it } from 'vitest';
import { lockOf as sampleLock } from '../../test/support/sample-catalogs.ts';
import { linesOf, lockedRelease } from '../../test/support/sample-releases.ts';
import { digest } from '../../test/support/sample-plan.ts';
import type { Lock } from '../lock/lock.ts';
import { describeReleaseTally, releaseTallies, sumOfReleases } from './release-tallies.ts';

const R9 = '4.18.9-x86_64';

function lockOf(over: Partial<Lock>): Lock {
  return sampleLock({ catalogs: [], ...over });
}

function published(...names: readonly string[]): Lock {
  return lockOf({
    images: names.flatMap((name) => linesOf(name)),
    releases: names.map((name) => lockedRelease(name)),
  });
}

function told(before: Lock | undefined, after: Lock): string[] {
  return releaseTallies(before, after).map(describeReleaseTally);
}

describe('releaseTallies', () => {
  const one = published(R9);
  const components = one.images.slice(0, 2);

  it.each<[string, Lock | undefined, Lock, string[]]>([
    ['a first release', undefined, one, ['new, 3 images']],
    ['one that is as it was', one, published(R9), []],
    ['one at another destination', { ...one, destination: 'a.io' }, one, ['new, 3 images']],
    ['one that goes', one, lockOf({}), ['gone']],
    ['one whose payload alone goes', one, { ...one, images: components }, ['gone']],
    ['one that waits for its payload', undefined, { ...one, images: components }, []],
    ['one whose payload arrives', { ...one, images: components }, one, ['new, 3 images']],
    ['a component that comes', { ...one, images: one.images.slice(1) }, one, ['updated, 3 images']],
    ['a component that goes', one, { ...one, images: one.images.slice(2) }, ['updated, 1 image']],
    [
      'another digest',
      one,
      { ...one, images: linesOf(R9, { digest: digest('9') }) },
      ['updated, 3 images'],
    ],
    [
      'other channels',
      one,
      { ...one, releases: [lockedRelease(R9, { channels: ['eus-4.18'] })] },
      ['updated, 3 images'],
    ],
    ['who wants it', one, { ...one, images: linesOf(R9, { wantedBy: ['b.yaml'] }) }, []],
  ])('tells of %s', (_what, before, after, expected) => {
    expect(told(before, after)).toEqual(expected.map((text) => `${R9}: ${text}`));
  });

  it('is sorted by version', () => {
    const names = ['4.18.10-x86_64', '4.9.1-x86_64', R9];
    const tallies = releaseTallies(published('4.7.0-x86_64'), published(...names));
    expect(tallies.map(({ release }) => release)).toEqual([
      '4.7.0-x86_64',
      '4.9.1-x86_64',
      R9,
      '4.18.10-x86_64',
    ]);
  });
});

it.each([
  [[], ''],
  [['new'], '1 release added'],
  [['new', 'new', 'gone', 'updated'], '2 releases added, 1 updated, 1 gone'],
  [['gone', 'gone'], '2 releases gone'],
] as const)('sums %j up as "%s"', (changes, expected) => {
  const tallies = changes.map((change) => ({ release: R9, change, images: 1 }));
  expect(sumOfReleases(tallies)).toBe(expected);
});
