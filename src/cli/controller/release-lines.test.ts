import { expect, it } from 'vitest';
import { lockedRelease } from '../../../test/support/sample-releases.ts';
import { digest, line } from '../../../test/support/sample-plan.ts';
import type { LockedRelease } from '../../lock/lock.ts';
import { releaseLines } from './release-lines.ts';

const RELEASE = lockedRelease('4.18.9-x86_64', { channels: ['fast-4.18', 'stable-4.18'] });
const { signature, ...UNSIGNED } = RELEASE;

it.each<[string, LockedRelease | undefined, string[]]>([
  [
    'its channels and signature',
    RELEASE,
    [
      `  release 4.18.9-x86_64, in fast-4.18, stable-4.18, payload ${digest('a')}`,
      `  signed  yes, signature ${digest('d')}`,
    ],
  ],
  [
    'that an image set names it, and that it is taken unsigned',
    { ...UNSIGNED, channels: [] },
    [
      `  release 4.18.9-x86_64, named by an image set, payload ${digest('a')}`,
      '  signed  no (releases.unsigned)',
    ],
  ],
  ['nothing, where the image is of none', undefined, []],
])('says of a release %s', (_what, release, expected) => {
  expect(releaseLines({ release, line: line('a') })).toEqual(expected);
});

it('says of a graph image what it was built of', () => {
  const graph = line('a', { data: digest('1'), base: 'reg.io/ubi@sha256:0' });
  expect(releaseLines({ release: undefined, line: graph })).toEqual([
    `  data    ${digest('1')}`,
    '  base    reg.io/ubi@sha256:0',
  ]);
});
