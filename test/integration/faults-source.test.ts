import { beforeAll, describe, expect, it } from 'vitest';
import type { PassReport } from '../../src/reconcile/pass-report.ts';
import { expectMessage } from '../support/expect-failure.ts';
import { type FaultPlan, firstOf, requests, seeded, whenever } from '../support/fault-plan.ts';
import {
  type FaultyMirror,
  type ImagesByRepository,
  LARGE,
  largestLayer,
  makeImages,
  startFaultyMirror,
} from '../support/faulty-mirror.ts';
import { listRegistry } from '../support/registry-content.ts';
import { findProgram } from '../support/run-program.ts';

const hasRegistry = findProgram('docker-registry') !== undefined;
const COUNT = 10;

describe.skipIf(!hasRegistry)('a source that misbehaves', () => {
  let images: ImagesByRepository;
  let everything: Record<string, string>;

  beforeAll(async () => {
    images = await makeImages(COUNT);
    everything = Object.fromEntries(
      [...images].map(([name, image]) => [`site/${name}:1.0`, image.top.digest]),
    );
  });

  async function start(sourcePlan: FaultPlan): Promise<FaultyMirror> {
    const mirror = await startFaultyMirror({ images, sourcePlan });
    await mirror.want(images.keys());
    return mirror;
  }

  /** What one image looks like that failed alone: the others are there and published, it is not. */
  async function expectAlone(mirror: FaultyMirror, failed: string): Promise<void> {
    const { [`site/${failed}:1.0`]: _, ...others } = everything;
    expect(await listRegistry(mirror.destination.endpoint)).toEqual(others);
    expect(await mirror.lockedRepositories()).toEqual(
      [...images.keys()].filter((name) => name !== failed),
    );
    expect((await mirror.repeated()).sent).toEqual(new Map());
  }

  it.each(['a', 'b', 'c'])(
    'that drops connections (seed %s) costs the requests that it dropped',
    async (seed) => {
      const faults = [
        { kind: 'drop' },
        { kind: 'drop-answer' },
        { kind: 'cut', afterBytes: 100 },
      ] as const;
      await using mirror = await start(seeded(seed, 0.1, faults));

      const report = await mirror.world.pass();

      expect(report.mirrors).toMatchObject([{ state: 'Applied', failures: [] }]);
      expect(await listRegistry(mirror.destination.endpoint)).toEqual(everything);
      expect(mirror.sourceProxy.seen.some(({ fault }) => fault !== undefined)).toBe(true);
      const { sent, read } = await mirror.repeated();
      expect(sent).toEqual(new Map());
      const faulty = mirror.sourceProxy.seen.filter(({ fault }) => fault !== undefined);
      for (const [digest, times] of read) {
        const touched = faulty.filter(({ path }) => path.endsWith(digest)).length;
        expect(times, digest).toBeLessThanOrEqual(1 + touched);
      }
    },
  );

  it('that answers 429 and says for how long is waited for so long', async () => {
    const limited = { kind: 'answer', status: 429, headers: { 'retry-after': '7' } } as const;
    await using mirror = await start(firstOf(3, requests('GET', /\/blobs\//), limited));

    const report = await mirror.world.pass();

    expect(report.mirrors).toMatchObject([{ state: 'Applied' }]);
    expect(report.pauses).toEqual([7000, 7000, 7000]);
    expect(await mirror.repeated()).toEqual({ sent: new Map(), read: new Map() });
  });

  it('that answers 429 without more is waited for longer each time', async () => {
    const path = new RegExp(`/blobs/${largestLayer(images.get(LARGE))}`);
    const limited = { kind: 'answer', status: 429 } as const;
    await using mirror = await start(firstOf(3, requests('GET', path), limited));

    const report = await mirror.world.pass();

    expect(report.mirrors).toMatchObject([{ state: 'Applied' }]);
    expect(report.pauses.map((ms) => Math.floor(ms / 1000))).toEqual([1, 2, 4]);
    expect(await mirror.repeated()).toEqual({ sent: new Map(), read: new Map() });
  });

  it('that always answers 429 for one image fails that image, and says what to do', async () => {
    const limited = { kind: 'answer', status: 429 } as const;
    await using mirror = await start(whenever(requests('GET', /app\/3\/manifests/), limited));

    const report = await mirror.world.pass();

    expect(report.mirrors).toMatchObject([
      { state: 'Degraded', failures: [{ error: { code: 'REGISTRY_RATE_LIMITED' } }] },
    ]);
    expectMessageOf(report, mirror, 'app/3');
    await expectAlone(mirror, 'app/3');
  });

  it('that stalls in the middle of a blob is asked for the rest of it', async () => {
    const digest = largestLayer(images.get(LARGE));
    const stall = { kind: 'stall', afterBytes: 100_000 } as const;
    await using mirror = await start(firstOf(1, requests('GET', new RegExp(digest)), stall));

    const report = await mirror.world.pass({ source: { idleTimeoutMs: 500 } });

    expect(report.mirrors).toMatchObject([{ state: 'Applied' }]);
    expect(await mirror.repeated()).toEqual({ sent: new Map(), read: new Map([[digest, 2]]) });
    const answers = await mirror.source.requests();
    const statuses = answers
      .filter(({ path }) => path.endsWith(digest))
      .map(({ status }) => status);
    expect(statuses.slice(-2)).toEqual([200, 206]);
  });

  it('that flips a bit of a blob is asked for that blob once more', async () => {
    const digest = largestLayer(images.get(LARGE));
    const flip = { kind: 'flip', atByte: 1000 } as const;
    await using mirror = await start(firstOf(1, requests('GET', new RegExp(digest)), flip));

    const report = await mirror.world.pass();

    expect(report.mirrors).toMatchObject([{ state: 'Applied' }]);
    expect(await listRegistry(mirror.destination.endpoint)).toEqual(everything);
    expect(await mirror.repeated()).toEqual({ sent: new Map(), read: new Map([[digest, 2]]) });
  });

  it('that has a broken blob fails its image, after two attempts', async () => {
    const digest = largestLayer(images.get(LARGE));
    const flip = { kind: 'flip', atByte: 1000 } as const;
    await using mirror = await start(whenever(requests('GET', new RegExp(digest)), flip));

    const report = await mirror.world.pass();

    expect(report.mirrors).toMatchObject([
      { state: 'Degraded', failures: [{ error: { code: 'BLOB_CORRUPT' } }] },
    ]);
    expectMessageOf(report, mirror, LARGE);
    await expectAlone(mirror, LARGE);
    expect((await mirror.repeated()).read).toEqual(new Map([[digest, 2]]));
  });

  it('that serves a manifest with other bytes than its digest fails that image', async () => {
    const flip = { kind: 'flip', atByte: 20 } as const;
    await using mirror = await start(whenever(requests('GET', /app\/3\/manifests/), flip));

    const report = await mirror.world.pass();

    expect(report.mirrors).toMatchObject([
      { state: 'Degraded', failures: [{ error: { code: 'DIGEST_MISMATCH' } }] },
    ]);
    expectMessageOf(report, mirror, 'app/3');
    await expectAlone(mirror, 'app/3');
  });

  it.each([
    { status: 401, code: 'REGISTRY_UNAUTHORIZED' },
    { status: 403, code: 'REGISTRY_DENIED' },
    { status: 404, code: 'REGISTRY_NOT_FOUND' },
  ])('that refuses one image with $status fails that image', async ({ status, code }) => {
    const refuse = { kind: 'answer', status } as const;
    await using mirror = await start(whenever(requests('GET', /app\/3\/manifests/), refuse));

    const report = await mirror.world.pass();

    expect(report.mirrors).toMatchObject([{ state: 'Degraded', failures: [{ error: { code } }] }]);
    expectMessageOf(report, mirror, 'app/3');
    expect(report.pauses).toEqual([]);
    await expectAlone(mirror, 'app/3');
  });
});

function expectMessageOf(report: PassReport, mirror: FaultyMirror, repository: string): void {
  const { host } = mirror.sourceProxy;
  expectMessage(report.mirrors[0]?.failures[0], {
    wanted: `${host}/${repository}:1.0`,
    named: [host, repository],
  });
}
