import { describe, expect, it } from 'vitest';
import { lockOf } from '../../test/support/sample-catalogs.ts';
import {
  componentAt,
  linesOf,
  lockedRelease,
  payloadAt,
} from '../../test/support/sample-releases.ts';
import { loadImageSets } from '../imageset/load-image-sets.ts';
import type { Lock } from '../lock/lock.ts';
import type { WantedImage } from '../lock/wanted-image.ts';
import type { WantedRelease } from '../lock/wanted-release.ts';
import { absolutePlace, parseDestination } from '../oci/destination.ts';
import { makePlan } from '../plan/make-plan.ts';
import { isSameState, lockAfterDeletes, nextLock, successOf } from '../plan/next-lock.ts';
import type { Plan } from '../plan/plan.ts';
import type { PlanInput } from '../plan/plan-input.ts';
import { deletionFiles } from './named-places.ts';

const DESTINATION = parseDestination('docker://registry.example.com/mirror');
const OLD = '4.18.1-x86_64';
const NEW = '4.18.9-x86_64';
const ENTRY = { position: { path: 'base.yaml', line: 5, column: 7 }, field: 'mirror.platform' };
const POLICY: PlanInput['policy'] = {
  ...{ policy: 'explicit', maxImages: 50, maxShare: 1, graceMs: 0 },
  ...{ superseded: false, approvedPlan: undefined },
};

/** What an image set wants that has the releases of some names, as the lock has them. */
function want(...names: readonly string[]): { wanted: WantedImage[]; releases: WantedRelease[] } {
  const placed = (at: string): NonNullable<ReturnType<typeof absolutePlace>> => {
    const place = absolutePlace(at, DESTINATION);
    if (place === undefined) throw new Error(`${at} is no place`);
    return place;
  };
  const wanted = names.flatMap((name) =>
    linesOf(name).map(({ destination, digest, source, kind }): WantedImage => {
      return { place: placed(destination), digest, source, kind, entries: [ENTRY] };
    }),
  );
  const releases = names.map((name): WantedRelease => {
    const { signature, ...line } = lockedRelease(name);
    return {
      ...{ ...line, place: placed(payloadAt(name)), entries: [ENTRY] },
      ...(signature === undefined ? {} : { signature }),
      components: [placed(componentAt(name, 'cli')), placed(componentAt(name, 'hyperkube'))],
    };
  });
  return { wanted, releases };
}

/** A pass's plan for a delete file with a `platform`, by a lock of both releases where none is given. */
function planOf(
  platform: object,
  {
    wanted = [NEW],
    lock = lockOfBoth(),
    blob = 'b'.repeat(40),
  }: { wanted?: string[]; lock?: Lock; blob?: string },
): { plan: Plan; warnings: string[] } {
  const text = JSON.stringify({
    kind: 'DeleteImageSetConfiguration',
    apiVersion: 'mirror.openshift.io/v2alpha1',
    delete: { platform },
  });
  const path = 'delete.yaml';
  const { documents } = loadImageSets([{ path, text, named: true }]);
  const files = [{ path, blob }];
  const found = deletionFiles({ files, documents, destination: DESTINATION, lock, catalogs: [] });
  const plan = makePlan({
    ...{ mirror: 'prod-eu', destination: DESTINATION, lock, policy: POLICY },
    source: { commit: 'd'.repeat(40), branch: 'main' },
    configurations: [{ path: 'base.yaml', blob: 'e'.repeat(40) }],
    ...{ catalogs: [], named: new Map(), failures: [], found: [], others: [] },
    ...want(...wanted),
    deletions: found.files,
    blobsOf: () => undefined,
  });
  return { plan, warnings: found.warnings.map(({ message }) => message) };
}

function lockOfBoth(): Lock {
  return lockOf({
    catalogs: [],
    configurations: [{ path: 'base.yaml', blob: 'e'.repeat(40) }],
    images: [...linesOf(OLD), ...linesOf(NEW, { wantedBy: ['base.yaml'] })],
    releases: [lockedRelease(OLD), lockedRelease(NEW)],
  });
}

const ALL = { channels: [{ name: 'stable-4.18' }] };
const OF_OLD = [payloadAt(OLD), componentAt(OLD, 'cli'), componentAt(OLD, 'hyperkube')];

describe('a delete file that names releases', () => {
  it('has its images deleted, then its line is gone, and nothing else', () => {
    const { plan } = planOf({ channels: [{ name: 'stable-4.18', maxVersion: '4.18.1' }] }, {});
    expect(plan.deletes.map(({ line }) => line.destination)).toEqual(OF_OLD);
    const published = nextLock(plan, lockOfBoth(), successOf(plan));
    expect(published.releases.map(({ release }) => release)).toEqual([OLD, NEW]);
    const after = lockAfterDeletes(published, { gone: new Set(OF_OLD), held: new Map() });
    expect(after.releases).toEqual([lockedRelease(NEW)]);
    expect(new Set(after.images)).toEqual(new Set(lockOfBoth().images.slice(3)));
    expect(after.deletions).toEqual([{ path: 'delete.yaml', blob: 'b'.repeat(40), images: 3 }]);
  });

  it('does not take what an image set still wants, and says by whom', () => {
    const { plan } = planOf(ALL, { wanted: [OLD, NEW] });
    expect(plan.deletes).toEqual([]);
    expect(plan.held).toHaveLength(6);
    expect(new Set(plan.held.map(({ why }) => why))).toEqual(
      new Set(['still wanted by base.yaml:5:7']),
    );
  });

  it('takes of a channel what nobody wants', () => {
    const { plan } = planOf(ALL, {});
    expect(plan.deletes.map(({ line }) => line.destination)).toEqual(OF_OLD);
    expect(plan.deletions).toMatchObject([{ images: 6, held: 3 }]);
  });

  it('is quiet while a registry holds a tag whose digest another release has', () => {
    const platform = { channels: [{ name: 'stable-4.18', maxVersion: '4.18.1' }] };
    const { plan } = planOf(platform, {});
    const published = nextLock(plan, lockOfBoth(), successOf(plan));
    const [payload = '', cli = '', hyperkube = ''] = OF_OLD;
    const why = `${componentAt(NEW, 'cli')} has its digest`;
    const after = lockAfterDeletes(published, {
      gone: new Set([payload, hyperkube]),
      held: new Map([[cli, why]]),
    });
    expect(after.releases.map(({ release }) => release)).toEqual([OLD, NEW]);
    expect(after.deletions).toMatchObject([{ images: 3, held: 1 }]);

    const again = planOf(platform, { lock: after });
    expect(again.warnings).toEqual([]);
    expect(again.plan.deleting).toMatchObject([{ destination: cli, held: why }]);
    const next = nextLock(again.plan, after, successOf(again.plan));
    expect(isSameState(next, after)).toBe(true);
  });

  it('does not choose again once it is carried out', () => {
    const carriedOut = { path: 'delete.yaml', blob: 'b'.repeat(40), images: 3 };
    const lock = { ...lockOfBoth(), deletions: [carriedOut] };
    expect(planOf(ALL, { lock }).plan.deletes).toEqual([]);
    const changed = planOf(ALL, { lock, blob: 'a'.repeat(40) });
    expect(changed.plan.deletes).toHaveLength(3);
  });

  it('keeps what is leaving on its way where it changes and still names it, and calls off the rest', () => {
    const { plan } = planOf(ALL, {});
    const lock = nextLock(plan, lockOfBoth(), successOf(plan));
    const same = planOf({ release: `a.io/b:${OLD}` }, { lock, blob: 'a'.repeat(40) });
    expect(same.plan.deleting).toHaveLength(3);
    expect(same.plan.returns).toEqual([]);
    const other = planOf({ release: 'a.io/b:4.18.2-x86_64' }, { lock, blob: 'a'.repeat(40) });
    expect(other.plan.returns).toHaveLength(3);
  });

  it('warns while it is new and chooses nothing, and of a lock of elsewhere of nothing else', () => {
    const nothing = { channels: [{ name: 'stable-4.17' }] };
    const message = 'the lock has no release of channel "stable-4.17"';
    expect(planOf(nothing, {}).warnings).toEqual([message]);
    const lock = {
      ...lockOfBoth(),
      deletions: [{ path: 'delete.yaml', blob: 'b'.repeat(40), images: 0, held: 1 }],
    };
    expect(planOf(nothing, { lock }).warnings).toEqual([]);
    const elsewhere = { ...lockOfBoth(), destination: 'other.io' };
    const { plan, warnings } = planOf(ALL, { lock: elsewhere });
    expect(warnings).toEqual(['the lock has no release of channel "stable-4.18"']);
    expect(plan.deletes).toEqual([]);
  });
});
