import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lockOf as sampleLock } from '../../test/support/sample-catalogs.ts';
import {
  componentAt,
  imagesOf,
  linesOf,
  lockedRelease,
  payloadAt,
  plannedRelease,
} from '../../test/support/sample-releases.ts';
import { digest, line, planOf, planned } from '../../test/support/sample-plan.ts';
import type { DeletingImage, Lock, LockedImage } from '../lock/lock.ts';
import { incompleteReleases } from './incomplete-releases.ts';
import { isSameState, lockAfterDeletes, nextLock, successOf } from './next-lock.ts';
import type { Plan } from './plan.ts';

const R9 = '4.18.9-x86_64';
const R1 = '4.18.1-x86_64';

function lockOf(over: Partial<Lock>): Lock {
  return sampleLock({ catalogs: [], ...over });
}

function leaving(image: LockedImage): DeletingImage {
  const { wantedBy, ...rest } = image;
  return { ...rest, since: 'c'.repeat(40), reason: 'delete.yaml' };
}

function next(plan: Partial<Plan>, lock: Lock | undefined, ...arrived: readonly string[]): Lock {
  const whole = planOf({ keeps: [], ...plan });
  const outcome = successOf(whole);
  const done = new Map([...outcome.done].filter(([at]) => arrived.includes(at)));
  return nextLock(whole, lock, arrived.length === 0 ? outcome : { ...outcome, done });
}

describe('the releases of the next lock', () => {
  const release = plannedRelease(R9);

  it('are those whose images arrived', () => {
    const lock = next({ releases: [release], adds: imagesOf(release) }, undefined);
    expect(lock.releases).toEqual([lockedRelease(R9)]);
  });

  it('are sorted, have no signature where none was found, and all of their channels', () => {
    const two = [
      plannedRelease(R9, { channels: ['fast-4.18', 'stable-4.18'] }),
      plannedRelease(R1, { channels: [] }),
    ];
    const [, { signature, ...unsigned }] = [two[0], plannedRelease(R1, { channels: [] })];
    const lock = next(
      { releases: [two[0] ?? release, unsigned], adds: two.flatMap(imagesOf) },
      undefined,
    );
    expect(lock.releases).toEqual([
      { release: R1, payload: digest('a'), channels: [] },
      lockedRelease(R9, { channels: ['fast-4.18', 'stable-4.18'] }),
    ]);
  });

  it('name what is half mirrored, so that it can be deleted', () => {
    const plan = { releases: [release], adds: imagesOf(release) };
    expect(next(plan, undefined, componentAt(R9, 'cli')).releases).toEqual([lockedRelease(R9)]);
    expect(next(plan, undefined, 'nothing').releases).toEqual([]);
  });

  it('keep what is published where the new payload did not arrive', () => {
    const previous = lockedRelease(R9, { payload: digest('e'), channels: ['fast-4.18'] });
    const [cli, hyperkube, payload] = linesOf(R9, { wantedBy: ['base.yaml'] });
    if (!cli || !hyperkube || !payload) throw new Error('a sample release has three images');
    const before = { ...payload, digest: digest('e') };
    const update = planned('x', { destination: payloadAt(R9), kind: 'release' });
    const plan: Partial<Plan> = {
      releases: [{ ...release, previous }],
      keeps: [cli, hyperkube],
      updates: [{ ...update, change: 'digest', previous: [before] }],
    };
    const lock = lockOf({ images: [cli, hyperkube, before], releases: [previous] });

    expect(next(plan, lock, 'nothing').releases).toEqual([previous]);
    expect(next(plan, lock, payloadAt(R9)).releases).toEqual([lockedRelease(R9)]);
  });

  it('follow what is wanted where the former payload is not there either', () => {
    const previous = lockedRelease(R9, { payload: digest('e') });
    const [cli] = linesOf(R9, { wantedBy: ['base.yaml'] });
    if (!cli) throw new Error('a sample release has images');
    const plan = {
      releases: [{ ...release, previous }],
      adds: imagesOf(release).slice(1),
      keeps: [cli],
    };
    const lock = lockOf({ images: [cli], releases: [previous] });
    expect(next(plan, lock, 'nothing').releases).toEqual([lockedRelease(R9)]);
  });

  it.each([
    [
      'an orphan',
      (lines: LockedImage[]) => ({ orphans: lines.map((one) => ({ line: one, isNew: true })) }),
      true,
    ],
    [
      'of which a component is left',
      (lines: LockedImage[]) => ({ keeps: lines.slice(0, 1) }),
      true,
    ],
    [
      'that is leaving',
      (lines: LockedImage[]) => ({ deleting: lines.slice(2).map(leaving) }),
      true,
    ],
    ['of which nothing is left', () => ({ keeps: [line('other')] }), false],
    ['of which another has the names', () => ({ keeps: linesOf(R9) }), false],
  ])(
    'have one that nobody wants, %s, as long as an image of it has a line',
    (_what, plan, stays) => {
      const lock = lockOf({ images: linesOf(R1), releases: [lockedRelease(R1)] });
      expect(next(plan(linesOf(R1)), lock).releases).toEqual(stays ? [lockedRelease(R1)] : []);
    },
  );

  it('are none of another destination', () => {
    const lock = lockOf({ destination: 'elsewhere.io/a', releases: [lockedRelease(R1)] });
    expect(next({ keeps: linesOf(R1) }, lock).releases).toEqual([]);
  });

  it('lose one with the last of its images', () => {
    const [cli, hyperkube, payload] = linesOf(R1).map(leaving);
    if (!cli || !hyperkube || !payload) throw new Error('a sample release has three images');
    const lock = lockOf({
      images: linesOf(R9),
      deleting: [cli, hyperkube, payload],
      releases: [lockedRelease(R1), lockedRelease(R9)],
    });
    const gone = (...lines: DeletingImage[]): Set<string> =>
      new Set(lines.map(({ destination }) => destination));
    const some = lockAfterDeletes(lock, { gone: gone(cli, payload), held: new Map() });
    const all = lockAfterDeletes(lock, { gone: gone(cli, hyperkube, payload), held: new Map() });
    expect(some.releases.map((one) => one.release)).toEqual([R1, R9]);
    expect(all.releases.map((one) => one.release)).toEqual([R9]);
  });

  it('do not have a payload of which a component cannot be resolved', () => {
    const plan = planOf({ keeps: [], releases: [release], adds: imagesOf(release).slice(1) });
    const { done } = successOf(plan);
    expect([...done.keys()]).toEqual([componentAt(R9, 'hyperkube')]);
  });

  it('stay as they are where nothing changes, whatever the lock', () => {
    const name = fc.constantFrom(R1, R9, '4.18.9', '4.18.9-multi', '4.19.0-okd-scos.1');
    const set = fc.uniqueArray(name, { maxLength: 4 });
    fc.assert(
      fc.property(set, set, set, (kept, orphaned, half) => {
        const orphans = orphaned
          .filter((one) => !kept.includes(one))
          .flatMap((one) => linesOf(one));
        const cut = half
          .filter((one) => !kept.includes(one) && !orphaned.includes(one))
          .flatMap((one) => linesOf(one).slice(0, 1));
        const keeps = kept.flatMap((one) => linesOf(one, { wantedBy: ['base.yaml'] }));
        const releases = kept.map((one) => plannedRelease(one));
        const plan = {
          releases,
          keeps: [...keeps, ...cut],
          orphans: orphans.map((one) => ({ line: one, isNew: false })),
        };
        const lock = lockOf({
          images: [...keeps, ...cut, ...orphans],
          releases: [...new Set([...kept, ...orphaned, ...half])].map((one) => lockedRelease(one)),
        });
        const first = next(plan, lock);
        const names = new Set([...kept, ...orphaned, ...half]);
        expect(new Set(first.releases.map((one) => one.release))).toEqual(names);
        expect(isSameState(next(plan, first), first)).toBe(true);
      }),
    );
  });
});

it('tells which payloads must wait, and for what', () => {
  const releases = [plannedRelease(R1), plannedRelease(R9)];
  const there = new Set([...(releases[0]?.components ?? []), componentAt(R9, 'cli')]);
  const found = incompleteReleases(releases, (destination) => there.has(destination));
  expect(found).toEqual([{ release: releases[1], missing: [componentAt(R9, 'hyperkube')] }]);
});
