import { describe, expect, it } from 'vitest';
import { ControllerError } from '../../base/controller-error.ts';
import type { EntryFailure } from '../../lock/entry-failure.ts';
import { formatFailures } from './format-failures.ts';

function failure(line: number, wanted: string, message: string, hint?: string): EntryFailure {
  return {
    entries: [{ position: { path: 'a.yaml', line, column: 7 }, field: 'mirror' }],
    wanted,
    error: new ControllerError('REGISTRY_REFUSED', message, {
      remedy: 'retry-later',
      ...(hint === undefined ? {} : { hint }),
    }),
  };
}

describe('formatFailures', () => {
  it('says where an image is asked for, what is wrong and what to do', () => {
    expect(formatFailures([failure(4, 'q.io/a:1', 'no such manifest', 'Check the name.')])).toEqual(
      ['a.yaml:4:7: q.io/a:1: no such manifest', '  hint: Check the name.'],
    );
  });

  it('does not name an image twice', () => {
    expect(formatFailures([failure(4, 'q.io/a:1', 'reading q.io/a:1: gone')])).toEqual([
      'a.yaml:4:7: reading q.io/a:1: gone',
    ]);
  });

  it('says one reason once, with the images that it keeps back', () => {
    const refused = (line: number): EntryFailure =>
      failure(line, `q.io/${line}:1`, 'reg.io denies pushing', 'Grant it.');

    expect(formatFailures([refused(1), failure(2, 'q.io/b:1', 'gone'), refused(3)])).toEqual([
      '2 images: reg.io denies pushing',
      '  hint: Grant it.',
      '  a.yaml:1:7: q.io/1:1',
      '  a.yaml:3:7: q.io/3:1',
      'a.yaml:2:7: q.io/b:1: gone',
    ]);
  });

  it('says once what keeps many bundles back', () => {
    const bundles = [1, 2].map((line) => failure(line, `bundle b.v${line}`, 'left out: x is gone'));

    expect(formatFailures(bundles)).toEqual([
      '2 bundles: left out: x is gone',
      '  a.yaml:1:7: bundle b.v1',
      '  a.yaml:2:7: bundle b.v2',
    ]);
  });

  it.each([
    { wanted: ['stable-4.18 4.18.1', 'stable-4.18 4.18.2'], kind: 'entries' },
    { wanted: ['the graph image', 'q.io/a:1'], kind: 'entries' },
    { wanted: ['q.io/a:1', 'reg.io:5000/b@sha256:1'], kind: 'images' },
  ])('calls $wanted $kind', ({ wanted, kind }) => {
    const failures = wanted.map((name, line) => failure(line, name, 'the keys are gone'));
    expect(formatFailures(failures)[0]).toBe(`2 ${kind}: the keys are gone`);
  });

  it('shows ten images of a reason and fifty reasons, and counts the others', () => {
    const same = Array.from({ length: 12 }, (_, line) => failure(line, 'q.io/a:1', 'denied'));
    const other = Array.from({ length: 60 }, (_, line) =>
      failure(line, 'q.io/a:1', `fault ${line}`),
    );

    expect(formatFailures(same).slice(-2)).toEqual(['  a.yaml:9:7: q.io/a:1', '  and 2 more']);
    expect(formatFailures(other)).toHaveLength(51);
    expect(formatFailures(other).at(-1)).toBe('and 10 more failures');
  });
});
