import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ControllerError } from '../base/controller-error.ts';
import { type Lock, formatLock, parseLock } from '../lock/lock.ts';
import type { ImageKind, WantedImage } from '../lock/wanted-image.ts';
import type { WantedRelease } from '../lock/wanted-release.ts';
import { type Destination, parseDestination, placeBelow } from '../oci/destination.ts';
import type { Digest } from '../oci/digest.ts';
import { makePlan } from './make-plan.ts';
import { isSameState, nextLock, successOf } from './next-lock.ts';
import type { PlanInput } from './plan-input.ts';

const DESTINATION = parseDestination('docker://reg.io/site');
const ENTRY = { position: { path: 'a.yaml', line: 5, column: 7 }, field: 'mirror.platform' };
const GRAPH_URL = 'https://api.openshift.com/api/upgrades_info/graph-data';

function digest(name: string): Digest {
  return `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64)}` as Digest;
}

/** A release of which each component has the content that is given. */
interface Made {
  readonly release: WantedRelease;
  readonly images: readonly WantedImage[];
}

function make(
  release: string,
  contents: Readonly<Record<string, string>>,
  destination: Destination = DESTINATION,
): Made {
  const image = (path: string, tag: string, content: string, kind: ImageKind): WantedImage => ({
    place: placeBelow(destination, path, tag),
    digest: digest(content),
    source: `quay.io/dev/${kind}@${digest(content)}`,
    kind,
    entries: [ENTRY],
  });
  const parts = Object.entries(contents).map(([name, content]) =>
    image('openshift/release', `${release}-${name}`, content, 'release-component'),
  );
  const payload = image('openshift/release-images', release, release, 'release');
  return {
    images: [...parts, payload],
    release: {
      ...{ place: payload.place, release, payload: payload.digest, entries: [ENTRY] },
      ...{ channels: ['stable-4.18', 'fast-4.18'], signature: digest('signed') },
      components: parts.map(({ place }) => place),
    },
  };
}

function inputOf(made: readonly Made[], over: Partial<PlanInput> = {}): PlanInput {
  return {
    ...{ mirror: 'prod', destination: DESTINATION, lock: undefined },
    source: { commit: 'c'.repeat(40), branch: 'main' },
    configurations: [{ path: 'a.yaml', blob: 'b'.repeat(40) }],
    ...{ deletions: [], catalogs: [], named: new Map(), failures: [], found: [], others: [] },
    wanted: made.flatMap(({ images }) => images),
    releases: made.map(({ release }) => release),
    policy: {
      ...{ policy: 'explicit', maxImages: 50, maxShare: 0.2, graceMs: 0 },
      ...{ superseded: false, approvedPlan: undefined },
    },
    blobsOf: () => undefined,
    ...over,
  };
}

function mirrored(input: PlanInput): Lock {
  const plan = makePlan(input);
  return parseLock('lock', formatLock(nextLock(plan, input.lock, successOf(plan))));
}

const OLD = make('4.18.9-x86_64', { cli: 'cli-1', etcd: 'etcd-1' });
const NEW = make('4.18.10-x86_64', { cli: 'cli-2', etcd: 'etcd-1', ovn: 'cli-2' });

describe('the releases of a plan', () => {
  it('are sorted by version, with their places as the lock writes them', () => {
    const { releases } = makePlan(inputOf([NEW, OLD]));
    expect(releases.map(({ release }) => release)).toEqual(['4.18.9-x86_64', '4.18.10-x86_64']);
    expect(releases[0]).toEqual({
      destination: 'openshift/release-images:4.18.9-x86_64',
      release: '4.18.9-x86_64',
      payload: digest('4.18.9-x86_64'),
      channels: ['fast-4.18', 'stable-4.18'],
      signature: digest('signed'),
      components: ['openshift/release:4.18.9-x86_64-cli', 'openshift/release:4.18.9-x86_64-etcd'],
      entries: [ENTRY],
      newImages: 3,
      bytesToMove: 0,
    });
  });

  it('count what is new: what the lock has under another name is not, and what two share counts once', () => {
    const lock = mirrored(inputOf([make('4.18.1-x86_64', { etcd: 'etcd-1' })]));
    const { releases } = makePlan(inputOf([NEW, OLD], { lock }));
    // The payload and cli-1; the payload and cli-2, which two components are.
    expect(releases.map(({ newImages }) => newImages)).toEqual([2, 2]);
  });

  it('count the bytes of blobs that move: those of two releases for the first', () => {
    const blobs: Record<string, readonly string[]> = {
      'cli-1': ['base', 'one'],
      'cli-2': ['base', 'two'],
      'etcd-1': ['base', 'etcd'],
      '4.18.10-x86_64': ['ten'],
    };
    const sizes: Record<string, number> = { base: 1000, one: 100, two: 20, etcd: 3, ten: 50_000 };
    const blobsOf: PlanInput['blobsOf'] = (wanted) =>
      Object.entries(blobs)
        .find(([name]) => digest(name) === wanted)?.[1]
        .map((name) => ({ digest: digest(name), size: sizes[name] ?? 0 }));
    const bytes = (lock?: Lock): [number[], number] => {
      const plan = makePlan(inputOf([NEW, OLD], { lock, blobsOf }));
      return [plan.releases.map(({ bytesToMove }) => bytesToMove), plan.bytesToMove];
    };
    expect(bytes()).toEqual([[1103, 50_020], 51_123]);
    expect(bytes(mirrored(inputOf([OLD])))).toEqual([[0, 50_020], 50_020]);
    expect(bytes(mirrored(inputOf([OLD, NEW])))).toEqual([[0, 0], 0]);
  });

  it('have what the lock says of them, and nothing of a lock of another destination', () => {
    const lock = mirrored(inputOf([OLD]));
    const { releases } = makePlan(inputOf([OLD, NEW], { lock }));
    expect(releases.map(({ previous }) => previous?.payload)).toEqual([
      digest('4.18.9-x86_64'),
      undefined,
    ]);
    const elsewhere = { ...lock, destination: 'other.io' };
    expect(makePlan(inputOf([OLD], { lock: elsewhere })).releases[0]?.previous).toBeUndefined();
  });

  it('make a lock that stays as it is, folded paths and shared digests included', () => {
    const version = fc.constantFrom('4.18.9-x86_64', '4.18.9-multi', '4.18.9', 'abcdef');
    const component = fc.constantFrom('cli', 'multi-cli', 'a-b', 'x86_64-cli');
    const content = fc.constantFrom('one', 'two');
    const contents = fc.dictionary(component, content, { minKeys: 1 });
    const made = fc.uniqueArray(fc.tuple(version, contents), { selector: ([name]) => name });
    fc.assert(
      fc.property(made, fc.nat(3), (all, maxNestedPaths) => {
        const destination = { ...DESTINATION, maxNestedPaths };
        const taken = new Set<string>();
        const releases = all
          .map(([name, parts]) => make(name, parts, destination))
          // Two releases whose components have one tag are a conflict, which no plan gets to see.
          .map(({ images, release }) => {
            const own = images.filter(({ place }) => !taken.has(place.tag));
            for (const { place } of own) taken.add(place.tag);
            return { images: own, release };
          });
        const input = inputOf(releases, { destination });
        const first = mirrored(input);
        const again = makePlan({ ...input, lock: first });
        const second = nextLock(again, first, successOf(again));
        expect(again.adds.length + again.updates.length + again.orphans.length).toBe(0);
        expect(formatLock(second)).toBe(formatLock(first));
        expect(isSameState(second, first)).toBe(true);
        expect(first.releases).toHaveLength(all.length);
      }),
    );
  });

  it('stay with all of their images as long as the entry fails that wants them', () => {
    const lock = mirrored(inputOf([OLD, NEW]));
    const error = new ControllerError('DOWNLOAD_FAILED', 'x is down', { remedy: 'retry-later' });
    const failures = [{ entries: [ENTRY], wanted: 'stable-4.18', error }];
    const plan = makePlan(inputOf([], { lock, failures }));
    const next = nextLock(plan, lock, successOf(plan));
    expect(next).toEqual({
      ...lock,
      configurations: [{ path: 'a.yaml', blob: 'b'.repeat(40), incomplete: true }],
    });
  });
});

describe('the graph image of a plan', () => {
  const BUILT = { data: digest('data'), base: 'reg/ubi@sha256:00' };
  const graph: WantedImage = {
    place: placeBelow(DESTINATION, 'openshift/graph-image', 'latest'),
    ...{ digest: digest('graph'), source: GRAPH_URL, kind: 'graph', entries: [ENTRY] },
    builtFrom: BUILT,
  };
  const lineOf = (lock: Lock): object | undefined => lock.images[0];

  it('has what it was built from in its line, and keeps it', () => {
    const lock = mirrored(inputOf([], { wanted: [graph] }));
    expect(lineOf(lock)).toMatchObject({ kind: 'graph', source: GRAPH_URL, ...BUILT });
    const again = mirrored(inputOf([], { wanted: [graph], lock }));
    expect(again).toEqual(lock);
    const { builtFrom, ...untold } = graph;
    expect(mirrored(inputOf([], { wanted: [untold], lock }))).toEqual(lock);
  });

  it('takes over what it is built from now', () => {
    const lock = mirrored(inputOf([], { wanted: [graph] }));
    const builtFrom = { ...BUILT, data: digest('newer') };
    const wanted = [{ ...graph, builtFrom, source: 'https://mirror.example/graph-data' }];
    const next = mirrored(inputOf([], { wanted, lock }));
    expect(next.images).toHaveLength(1);
    expect(lineOf(next)).toMatchObject({ ...builtFrom, source: wanted[0]?.source });
    const changed = mirrored(
      inputOf([], { wanted: [{ ...graph, builtFrom, digest: digest('graph-2') }], lock }),
    );
    expect(lineOf(changed)).toMatchObject({ ...builtFrom, digest: digest('graph-2') });
  });

  it.each([0, 1])('makes a lock that can be read where an image set names its place too', (at) => {
    const other: WantedImage = { ...graph, source: 'a.io/graph-image:1', kind: 'additional' };
    const { builtFrom, ...additional } = other;
    const both = at === 0 ? [additional, graph] : [graph, additional];
    const lock = mirrored(inputOf([], { wanted: both }));
    expect(lock.images.map(({ kind, data }) => [kind, data])).toEqual([
      ['graph', BUILT.data],
      ['graph', BUILT.data],
    ]);
    const alone = mirrored(inputOf([], { wanted: [additional], lock }));
    expect(alone.images.map(({ kind, data }) => [kind, data])).toEqual([['additional', undefined]]);
  });
});
