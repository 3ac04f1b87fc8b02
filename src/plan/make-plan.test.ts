import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ControllerError } from '../base/controller-error.ts';
import type { DeletingImage, Lock, LockedImage } from '../lock/lock.ts';
import type { WantedImage, WantingEntry } from '../lock/wanted-image.ts';
import { parseDestination } from '../oci/destination.ts';
import type { Digest } from '../oci/digest.ts';
import { isHeldByWish } from './held-by-wish.ts';
import { makePlan } from './make-plan.ts';
import { isSameState, nextLock, successOf } from './next-lock.ts';
import type { DeletionFile, DeletionPolicy, OtherMirror, PlanInput } from './plan-input.ts';

const DESTINATION = parseDestination('reg.io/site');
const EXPLICIT: DeletionPolicy = {
  policy: 'explicit',
  maxImages: 50,
  maxShare: 0.2,
  graceMs: 0,
  superseded: false,
  approvedPlan: undefined,
};

function digest(name: string): Digest {
  return `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64)}` as Digest;
}

function entry(path: string, line = 5): WantingEntry {
  return { position: { path, line, column: 7 }, field: 'mirror.additionalImages[0]' };
}

function want(
  name: string,
  over: { version?: string; path?: string; source?: string } = {},
): WantedImage {
  return {
    place: { host: 'reg.io', repository: `site/${name}`, tag: '1' },
    digest: digest(over.version ?? name),
    source: over.source ?? `quay.io/${name}:1`,
    kind: 'additional',
    entries: [entry(over.path ?? 'a.yaml')],
  };
}

function line(name: string, over: Partial<LockedImage> = {}): LockedImage {
  return {
    destination: `${name}:1`,
    digest: digest(name),
    source: `quay.io/${name}:1`,
    kind: 'additional',
    bytes: 10,
    wantedBy: ['a.yaml'],
    ...over,
  };
}

function lockOf(images: LockedImage[], over: Partial<Lock> = {}): Lock {
  return {
    version: 1,
    mirror: 'prod',
    destination: 'reg.io/site',
    source: { commit: 'c0', branch: 'main' },
    configurations: [{ path: 'a.yaml', blob: 'b0' }],
    deletions: [],
    images,
    deleting: [],
    catalogs: [],
    bundles: [],
    releases: [],
    ...over,
  };
}

function deletionFile(names: readonly string[], path = 'delete.yaml'): DeletionFile {
  return {
    path,
    blob: `blob of ${names.join()}`,
    places: names.map((name) => ({ ...want(name), entry: entry(path) })),
  };
}

function plan(over: Partial<PlanInput>): ReturnType<typeof makePlan> {
  return makePlan({
    mirror: 'prod',
    destination: DESTINATION,
    source: { commit: 'c1', branch: 'main' },
    lock: undefined,
    configurations: [{ path: 'a.yaml', blob: 'b1' }],
    deletions: [],
    wanted: [],
    catalogs: [],
    releases: [],
    named: new Map(),
    failures: [],
    found: [],
    policy: EXPLICIT,
    others: [],
    blobsOf: () => undefined,
    ...over,
  });
}

function names(images: readonly { readonly destination: string }[]): string[] {
  return images.map(({ destination }) => destination);
}

const FAILURE = {
  entries: [entry('a.yaml')],
  wanted: 'quay.io/broken:1',
  error: new ControllerError('REGISTRY_NOT_FOUND', 'not there', { remedy: 'retry-later' }),
};

describe('makePlan', () => {
  it('adds what the lock does not have', () => {
    const { adds, updates, keeps } = plan({
      wanted: [want('b'), want('a')],
      lock: lockOf([line('a')]),
    });
    expect([names(adds), names(updates), names(keeps)]).toEqual([['b:1'], [], ['a:1']]);
  });

  it('updates a place whose digest changed', () => {
    const { updates } = plan({ wanted: [want('a', { version: 'a2' })], lock: lockOf([line('a')]) });
    expect(updates.map(({ destination, change }) => [destination, change])).toEqual([
      ['a:1', 'digest'],
    ]);
  });

  it('updates a place that lacks wanted platforms, and keeps one that has more', () => {
    const [amd64, arm64] = ['amd64', 'arm64'].map((architecture) => ({
      os: 'linux',
      architecture,
    }));
    if (amd64 === undefined || arm64 === undefined) throw new Error('unreachable');
    const sparse = plan({ wanted: [want('a')], lock: lockOf([line('a', { platforms: [amd64] })]) });
    const less = plan({
      wanted: [{ ...want('a'), platforms: [amd64] }],
      lock: lockOf([line('a', { platforms: [amd64, arm64] })]),
    });
    expect(sparse.updates.map(({ change }) => change)).toEqual(['platforms']);
    expect(names(less.keeps)).toEqual(['a:1']);
  });

  it('adds everything where the settings name another destination than the lock', () => {
    const { adds, orphans } = plan({
      wanted: [want('a')],
      lock: lockOf([line('a'), line('old')], { destination: 'other.io/site' }),
    });
    expect([names(adds), orphans]).toEqual([['a:1'], []]);
  });

  it('makes an orphan of what is wanted no more, and leaves it where it is', () => {
    const { orphans, deletes } = plan({ lock: lockOf([line('a')]) });
    expect(orphans.map(({ line, isNew }) => [line.destination, line.wantedBy, isNew])).toEqual([
      ['a:1', [], true],
    ]);
    expect(deletes).toEqual([]);
  });

  it('marks an orphan as superseded when no file changed', () => {
    const { orphans } = plan({
      lock: lockOf([line('a')]),
      configurations: [{ path: 'a.yaml', blob: 'b0' }],
    });
    expect(orphans[0]?.line.superseded).toBe(true);
  });

  it('keeps all that a file wanted while one of its entries fails', () => {
    const { keeps, orphans } = plan({ lock: lockOf([line('a')]), failures: [FAILURE] });
    expect([names(keeps), orphans]).toEqual([['a:1'], []]);
  });

  it('keeps the old name of an image that is wanted by another name now', () => {
    const { keeps, orphans } = plan({
      wanted: [want('a', { source: 'ghcr.io/a:1' })],
      lock: lockOf([line('a')]),
    });
    expect(keeps.map(({ source }) => source)).toEqual(['ghcr.io/a:1']);
    expect(orphans.map(({ line }) => line.source)).toEqual(['quay.io/a:1']);
  });

  it('has the same hash for the same changes, and another for others', () => {
    const wanted = [want('a'), want('b')];
    expect(plan({ wanted }).hash).toBe(plan({ wanted: wanted.toReversed() }).hash);
    expect(plan({ wanted }).hash).not.toBe(plan({ wanted: [want('a')] }).hash);
  });
});

describe('makePlan, deletes', () => {
  it('deletes what a delete file names and nobody wants', () => {
    const { deletes, deletions } = plan({
      lock: lockOf([line('a')]),
      deletions: [deletionFile(['a'])],
    });
    expect(deletes.map(({ line, reason }) => [line.destination, reason])).toEqual([
      ['a:1', 'delete.yaml'],
    ]);
    expect(deletions).toEqual([{ path: 'delete.yaml', blob: 'blob of a', images: 1 }]);
  });

  it('holds what another file still wants', () => {
    const { deletes, held, deletions } = plan({
      lock: lockOf([line('a')]),
      wanted: [want('a')],
      deletions: [deletionFile(['a'])],
    });
    expect(deletes).toEqual([]);
    expect(held.map(({ destination, why }) => [destination, why])).toEqual([
      ['a:1', 'still wanted by a.yaml:5:7'],
    ]);
    expect(deletions[0]?.held).toBe(1);
  });

  it('holds what another mirror at the registry still wants', () => {
    const other: OtherMirror = {
      name: 'test-eu',
      wants: new Set(['reg.io/site/a:1']),
      deletes: new Set(),
    };
    const { deletes, held } = plan({
      lock: lockOf([line('a')]),
      deletions: [deletionFile(['a'])],
      others: [other],
    });
    expect([deletes, held[0]?.why]).toEqual([[], 'still wanted by mirror test-eu']);
  });

  it('holds what a file wants whose entries fail', () => {
    const { deletes, held } = plan({
      lock: lockOf([line('a')]),
      deletions: [deletionFile(['a'])],
      failures: [FAILURE],
    });
    expect([deletes.length, held.length]).toEqual([0, 1]);
  });

  it('holds what cannot go yet, if it is there', () => {
    const file = deletionFile(['a', 'b']);
    const places = file.places.map((place) => ({ ...place, waitsFor: 'its catalog stays' }));
    const { deletes, held, deletions } = plan({
      lock: lockOf([line('a')]),
      deletions: [{ ...file, places }],
    });
    expect([deletes.length, held.map(({ why }) => why)]).toEqual([0, ['its catalog stays']]);
    expect(deletions).toMatchObject([{ images: 2, held: 1 }]);
  });

  it('counts what a waiting file named, though the lock has forgotten some of it', () => {
    const file = deletionFile(['a']);
    const before = { path: file.path, blob: file.blob, images: 5, held: 1 };
    const { deletions } = plan({
      lock: lockOf([line('a')], { deletions: [before] }),
      deletions: [file],
    });
    expect(deletions).toEqual([{ path: file.path, blob: file.blob, images: 5 }]);
  });

  it('does not repeat a file that is carried out, and repeats one that waits', () => {
    const file = deletionFile(['a']);
    const done = { path: file.path, blob: file.blob, images: 1 };
    const orphan = line('a', { wantedBy: [] });
    const quiet = plan({ lock: lockOf([orphan], { deletions: [done] }), deletions: [file] });
    const again = plan({
      lock: lockOf([orphan], { deletions: [{ ...done, held: 1 }] }),
      deletions: [file],
    });
    expect([quiet.deletes.length, again.deletes.length]).toEqual([0, 1]);
  });

  it('returns an image whose delete is no longer asked for', () => {
    const { wantedBy, ...rest } = line('a');
    const deleting: DeletingImage = { ...rest, since: 'c0', reason: 'delete.yaml' };
    const { returns, deleting: left } = plan({ lock: lockOf([], { deleting: [deleting] }) });
    expect([names(returns), left]).toEqual([['a:1'], []]);
  });

  it('adds an image again that is being deleted and is wanted again', () => {
    const { wantedBy, ...rest } = line('a');
    const deleting: DeletingImage = { ...rest, since: 'c0', reason: 'delete.yaml' };
    const again = plan({
      wanted: [want('a')],
      lock: lockOf([], { deleting: [deleting] }),
      deletions: [deletionFile(['a'])],
    });
    expect([names(again.adds), again.returns, again.deleting]).toEqual([['a:1'], [], []]);
  });

  it('prunes orphans where the policy says so, but not in a pass with failures', () => {
    const policy = { ...EXPLICIT, policy: 'prune' as const };
    const lock = lockOf([line('a'), line('b', { wantedBy: ['gone.yaml'] })]);
    expect(names(plan({ lock, policy }).deletes.map((d) => d.line))).toEqual(['a:1', 'b:1']);
    const failing = plan({ lock, policy, failures: [FAILURE] });
    expect([failing.deletes.length, names(failing.held)]).toEqual([0, ['b:1']]);
  });

  it('spares orphans at the prune when an image that may replace them failed to copy', () => {
    const policy = { ...EXPLICIT, policy: 'prune' as const };
    const made = plan({ lock: lockOf([line('a')]), wanted: [want('b')], policy });
    const next = nextLock(made, undefined, {
      done: new Map(),
      returned: new Set(),
      catalogs: { kept: new Set(), rebuilt: new Map() },
    });
    expect([names(next.images), next.deleting]).toEqual([['a:1'], []]);
  });

  it('prunes what was superseded only when it is told to', () => {
    const policy = { ...EXPLICIT, policy: 'prune' as const };
    const input = { lock: lockOf([line('a')]), configurations: [{ path: 'a.yaml', blob: 'b0' }] };
    expect(plan({ ...input, policy }).deletes).toEqual([]);
    expect(plan({ ...input, policy: { ...policy, superseded: true } }).deletes).toHaveLength(1);
  });

  it.each([
    { images: 100, deletes: 51, held: true },
    { images: 300, deletes: 50, held: false },
    { images: 40, deletes: 9, held: false },
    { images: 40, deletes: 8, held: false },
    { images: 40, deletes: 10, held: true },
    { images: 50, deletes: 10, held: false },
  ])('with $images images and $deletes deletes, all wait: $held', ({ images, deletes, held }) => {
    const lines = Array.from({ length: images }, (_, index) => line(`i${index}`, { wantedBy: [] }));
    const file = deletionFile(
      lines.slice(0, deletes).map(({ destination }) => destination.replace(':1', '')),
    );
    const made = plan({ lock: lockOf(lines), deletions: [file] });
    expect([made.deletes.length, made.held.length]).toEqual(held ? [0, deletes] : [deletes, 0]);
    const approved = plan({
      lock: lockOf(lines),
      deletions: [file],
      policy: { ...EXPLICIT, approvedPlan: made.hash },
    });
    expect(approved.deletes).toHaveLength(deletes);
  });

  it('prunes nothing that a superseded bundle needs, unless it goes too', () => {
    const image = (name: string, over: Partial<LockedImage>): LockedImage =>
      line(name, { kind: 'bundle', wantedBy: [], ...over });
    const bundle = { catalog: 'cat:v1', package: 'p', version: '1.0.0', channels: [] };
    const lock = lockOf(
      [image('old', { superseded: true }), image('new', {}), image('shared', {})],
      {
        bundles: [
          { ...bundle, bundle: 'p.old', images: ['old:1', 'shared:1'] },
          { ...bundle, bundle: 'p.new', images: ['new:1', 'shared:1'] },
        ],
      },
    );
    const deletesBy = (superseded: boolean): string[] =>
      names(
        plan({ lock, policy: { ...EXPLICIT, policy: 'prune', superseded } }).deletes.map(
          (one) => one.line,
        ),
      );

    expect(deletesBy(false)).toEqual(['new:1']);
    expect(deletesBy(true)).toEqual(['new:1', 'old:1', 'shared:1']);
  });

  it('lets go of an orphan that another mirror deletes', () => {
    const other: OtherMirror = {
      name: 'test-eu',
      wants: new Set(),
      deletes: new Set(['reg.io/site/a:1']),
    };
    const { orphans, deletes } = plan({
      lock: lockOf([line('a', { wantedBy: [] })]),
      others: [other],
    });
    expect([orphans, deletes]).toEqual([[], []]);
  });

  const NAMES = ['a', 'b', 'c', 'd', 'e'];
  const some = fc.subarray(NAMES);
  it('never deletes a wanted place, whatever the lock, the files and the other mirrors say', () => {
    const anyInput = fc.record({
      locked: some,
      orphaned: some,
      deleting: some,
      wantedNames: some,
      moved: some,
      named: some,
      otherWants: some,
      failing: some,
      fails: fc.boolean(),
      prune: fc.boolean(),
    });
    fc.assert(
      fc.property(
        anyInput,
        ({ locked, orphaned, deleting, wantedNames, moved, named, ...over }) => {
          const { otherWants, failing, fails, prune } = over;
          const lock = lockOf(
            locked.map((name) => line(name, orphaned.includes(name) ? { wantedBy: [] } : {})),
            {
              deleting: deleting
                .filter((name) => !locked.includes(name))
                .map((name) => {
                  const { wantedBy, ...rest } = line(name);
                  return { ...rest, since: 'c0', reason: 'delete.yaml' };
                }),
            },
          );
          const wanted = wantedNames.map((name) =>
            want(name, moved.includes(name) ? { version: `${name}2` } : {}),
          );
          const made = plan({
            lock,
            wanted,
            named: new Map(failing.map((name) => [`reg.io/site/${name}:1`, entry('a.yaml')])),
            deletions: [deletionFile(named)],
            failures: fails ? [FAILURE] : [],
            others: [
              {
                name: 'o',
                wants: new Set(otherWants.map((name) => `reg.io/site/${name}:1`)),
                deletes: new Set(),
              },
            ],
            policy: { ...EXPLICIT, policy: prune ? 'prune' : 'explicit' },
          });
          const next = nextLock(made, lock, successOf(made));
          // Where a lock is new, what a registry held is tried again.
          const due = next.deleting.filter(({ held }) => !isHeldByWish(held));
          for (const { destination } of due) {
            const name = destination.replace(':1', '');
            expect(wantedNames).not.toContain(name);
            expect(otherWants).not.toContain(name);
            expect(failing).not.toContain(name);
          }
          // The plan applied gives what was wanted, and a second plan has nothing to do.
          for (const image of wanted) {
            const there = next.images.find(
              ({ destination }) =>
                `reg.io/site/${destination}` === `reg.io/${image.place.repository}:1`,
            );
            expect(there?.digest).toBe(image.digest);
          }
          const second = plan({
            lock: next,
            wanted,
            named: new Map(failing.map((name) => [`reg.io/site/${name}:1`, entry('a.yaml')])),
            deletions: [deletionFile(named)],
            failures: fails ? [FAILURE] : [],
            others: [
              {
                name: 'o',
                wants: new Set(otherWants.map((name) => `reg.io/site/${name}:1`)),
                deletes: new Set(),
              },
            ],
            policy: { ...EXPLICIT, policy: prune ? 'prune' : 'explicit' },
          });
          expect(isSameState(nextLock(second, next, successOf(second)), next)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
