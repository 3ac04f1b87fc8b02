import { beforeAll, describe, expect, it } from 'vitest';
import { startDockerRegistry } from '../support/docker-registry.ts';
import { expectMessage } from '../support/expect-failure.ts';
import {
  anyOf,
  type FaultPlan,
  firstOf,
  requests,
  seeded,
  whenever,
} from '../support/fault-plan.ts';
import {
  type FaultyMirror,
  type ImagesByRepository,
  LARGE,
  makeImages,
  startFaultyMirror,
} from '../support/faulty-mirror.ts';
import { listRegistry } from '../support/registry-content.ts';
import { findProgram } from '../support/run-program.ts';
import { deleteSet, imageSet } from '../support/site.ts';

const hasRegistry = findProgram('docker-registry') !== undefined;
const COUNT = 10;

describe.skipIf(!hasRegistry)('a destination that misbehaves', () => {
  let images: ImagesByRepository;
  let everything: Record<string, string>;

  beforeAll(async () => {
    images = await makeImages(COUNT);
    everything = Object.fromEntries(
      [...images].map(([name, image]) => [`site/${name}:1.0`, image.top.digest]),
    );
  });

  async function start(destinationPlan: FaultPlan): Promise<FaultyMirror> {
    const mirror = await startFaultyMirror({ images, destinationPlan });
    await mirror.want(images.keys());
    return mirror;
  }

  /** Whatever happened: the branch names what the registry has, and nothing else. */
  async function expectPublishedIsThere(mirror: FaultyMirror): Promise<void> {
    const content = await listRegistry(mirror.destination.endpoint);
    for (const name of await mirror.lockedRepositories())
      expect(content[`site/${name}:1.0`], name).toBe(everything[`site/${name}:1.0`]);
  }

  it.each(['a', 'b', 'c'])(
    'that drops connections (seed %s) gets every blob once',
    async (seed) => {
      const faults = [{ kind: 'drop' }, { kind: 'drop-answer' }] as const;
      await using mirror = await start(seeded(seed, 0.1, faults));

      const report = await mirror.world.pass();

      expect(report.mirrors).toMatchObject([{ state: 'Applied', failures: [] }]);
      expect(await listRegistry(mirror.destination.endpoint)).toEqual(everything);
      expect(mirror.destinationProxy.seen.some(({ fault }) => fault !== undefined)).toBe(true);
      expect((await mirror.repeated()).sent).toEqual(new Map());
    },
  );

  it('that goes away in the middle of a pass gets the rest when it is back', async () => {
    await using mirror = await start(() => undefined);
    const { destination, destinationProxy: proxy } = mirror;
    let manifests = 0;
    proxy.plan = ({ method, path }) => {
      if (method === 'PUT' && path.includes('/manifests/')) manifests += 1;
      if (manifests < 4) return undefined;
      void proxy.close();
      return { kind: 'drop' };
    };

    const broken = await mirror.world.pass();

    const failures = broken.mirrors[0]?.failures ?? [];
    expect(broken.mirrors).toMatchObject([{ state: 'Degraded' }]);
    expect(failures.map(({ error }) => error.code)).toEqual(
      failures.map(() => 'REGISTRY_UNREACHABLE'),
    );
    const [failure] = failures;
    expectMessage(failure, { wanted: failure?.wanted ?? '', named: [proxy.host, 'site/app/'] });
    await expectPublishedIsThere(mirror);
    expect(await mirror.lockedRepositories()).toHaveLength(COUNT - failures.length);

    // The registry comes back with what it had.
    const before = await destination.requests();
    await destination.kill();
    await using again = await startDockerRegistry({ storageFolder: destination.storageFolder });
    proxy.upstream = again.host;
    proxy.plan = () => undefined;
    await proxy.open();
    const healed = await mirror.world.pass();

    expect(healed.mirrors).toMatchObject([{ state: 'Applied', failures: [] }]);
    expect(await listRegistry(again.endpoint)).toEqual(everything);
    const uploads = [...before, ...(await again.requests())]
      .filter(
        ({ method, path, status }) =>
          method === 'PUT' && path.includes('digest=') && status === 201,
      )
      .map(({ path }) => /digest=([^&]+)/.exec(path)?.[1]);
    expect(uploads).toHaveLength(new Set(uploads).size);
  });

  it.each([507, 500])('whose disk is full (%i) keeps what it has, and is named', async (status) => {
    const full = { kind: 'answer', status } as const;
    const uploads = requests('PUT', /\/blobs\/uploads\//);
    await using mirror = await start(firstOf(1_000_000, uploads, full, 8));

    const report = await mirror.world.pass();

    expect(report.mirrors).toMatchObject([{ state: 'Degraded' }]);
    const failures = report.mirrors[0]?.failures ?? [];
    expect(new Set(failures.map(({ error }) => error.code))).toEqual(new Set(['REGISTRY_BROKEN']));
    const [failure] = failures;
    const { host } = mirror.destinationProxy;
    expectMessage(failure, {
      wanted: failure?.wanted ?? '',
      named: [host, 'site/app/', `${status}`],
    });
    await expectPublishedIsThere(mirror);
    expect((await mirror.repeated()).sent).toEqual(new Map());

    mirror.destinationProxy.plan = () => undefined;
    expect((await mirror.world.pass()).mirrors).toMatchObject([{ state: 'Applied' }]);
    expect((await mirror.repeated()).sent).toEqual(new Map());
  });

  it.each([400, 403, 404, 405])('that refuses mounts (%i) gets every image', async (status) => {
    const refuse = { kind: 'answer', status } as const;
    await using mirror = await start(whenever(requests('POST', /[?&]mount=/), refuse));

    const report = await mirror.world.pass();

    expect(report.mirrors).toMatchObject([{ state: 'Applied', failures: [] }]);
    expect(await listRegistry(mirror.destination.endpoint)).toEqual(everything);
  });

  it('that answers 202 to a mount of what it has gets no blob twice into one repository', async () => {
    const openOnly: FaultPlan = ({ method, path }) =>
      method === 'POST' && path.includes('mount=')
        ? { kind: 'ask', path: path.replace(/\?.*/, '') }
        : undefined;
    const refuse = { kind: 'answer', status: 400 } as const;
    await using mirror = await start(
      anyOf(whenever(requests('PUT', /\/manifests\//), refuse), openOnly),
    );
    // All blobs arrive, and no image.
    await mirror.world.pass();
    mirror.destinationProxy.plan = openOnly;

    const report = await mirror.world.pass();

    expect(report.mirrors).toMatchObject([{ state: 'Applied', failures: [] }]);
    expect(await listRegistry(mirror.destination.endpoint)).toEqual(everything);
    const stored = (await mirror.destination.requests())
      .filter(
        ({ method, path, status }) =>
          method === 'PUT' && path.includes('digest=') && status === 201,
      )
      .map(({ path }) => path.replace(/uploads\/[^?]*.*digest=/, ''));
    expect(stored).toHaveLength(new Set(stored).size);
  });

  it.each([404, 416])(
    'that forgets an upload (%i) gets the blob by another one',
    async (status) => {
      const forget = { kind: 'answer', status } as const;
      const uploads = requests('PUT', /\/blobs\/uploads\//);
      await using mirror = await start(firstOf(2, uploads, forget));

      const report = await mirror.world.pass();

      expect(report.mirrors).toMatchObject([{ state: 'Applied', failures: [] }]);
      expect(await listRegistry(mirror.destination.endpoint)).toEqual(everything);
      expect((await mirror.repeated()).sent).toEqual(new Map());
    },
  );

  it.each([
    { status: 415, body: '' },
    {
      status: 400,
      body: '{"errors":[{"code":"MANIFEST_INVALID","message":"unknown media type"}]}',
    },
  ])('that takes no OCI manifests ($status) is named with its words', async ({ status, body }) => {
    await using mirror = await start(({ method, headers }) =>
      method === 'PUT' && String(headers['content-type']).includes('oci.image.manifest')
        ? { kind: 'answer', status, body }
        : undefined,
    );

    const report = await mirror.world.pass();

    const failures = report.mirrors[0]?.failures ?? [];
    expect(failures.map(({ error }) => error.code)).toEqual(
      Array<string>(COUNT).fill('REGISTRY_REFUSED'),
    );
    const [failure] = failures;
    const named = [mirror.destinationProxy.host, 'site/app/', `${status}`];
    expectMessage(failure, { wanted: failure?.wanted ?? '', named });
    expect(await mirror.world.published()).toBeUndefined();
    expect((await mirror.repeated()).sent).toEqual(new Map());
  });

  it('that rewrites manifests is found out by their digests, and nothing is published', async () => {
    await using mirror = await start(
      whenever(requests('PUT', /\/manifests\//), {
        kind: 'rewrite',
        change: (body) => Buffer.concat([body, Buffer.from('\n')]),
      }),
    );

    const report = await mirror.world.pass();

    const failures = report.mirrors[0]?.failures ?? [];
    expect(failures.map(({ error }) => error.code)).toEqual(
      Array<string>(COUNT).fill('DIGEST_MISMATCH'),
    );
    const [failure] = failures;
    const named = [mirror.destinationProxy.host, 'site/app/'];
    expectMessage(failure, { wanted: failure?.wanted ?? '', named });
    expect(await mirror.world.published()).toBeUndefined();
  });

  it.each([
    { status: 405, held: true },
    { status: 403, held: false },
    { status: 500, held: false },
  ])('that refuses deletes ($status) keeps the image, and says so', async ({ status, held }) => {
    const refuse = { kind: 'answer', status } as const;
    await using mirror = await start(whenever(requests('DELETE', /\/manifests\//), refuse));
    await mirror.world.pass();
    const kept = [...images.keys()].slice(1);
    const nameOf = (name: string): string => `${mirror.sourceProxy.host}/${name}:1.0`;
    await mirror.world.git.commit('main', {
      'images.yaml': imageSet(kept.map(nameOf)),
      'delete.yaml': deleteSet([nameOf(LARGE)]),
    });

    const report = await mirror.world.pass();

    const [mirrored] = report.mirrors;
    expect(mirrored).toMatchObject({ state: 'Applied', deleted: 0, failures: [] });
    const texts = held ? mirrored?.held.map(({ why }) => why) : mirrored?.warnings;
    expect(texts).toHaveLength(1);
    expect(texts?.[0]).toContain(mirror.destinationProxy.host);
    expect(await listRegistry(mirror.destination.endpoint)).toEqual(everything);
    expect(await mirror.lockedRepositories()).toContain(LARGE);
  });
});
