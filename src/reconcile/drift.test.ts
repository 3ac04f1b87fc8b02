import { beforeEach, describe, expect, it } from 'vitest';
import {
  IMAGES,
  type PassOptions,
  type World,
  check,
  commitWishes,
  digestAt,
  finish,
  makeWorld,
  put,
  settle,
  startPass,
} from '../../test/support/contested-world.ts';
import { makeImage } from '../../test/support/make-image.ts';
import type { MemoryRegistry } from '../../test/support/memory-ends.ts';
import { ControllerError } from '../base/controller-error.ts';
import { type Lock, parseLock } from '../lock/lock.ts';
import type { MirrorReport } from './pass-report.ts';

const APP = 'team/app:1';
const INDEX = 'team/app:all';
const app = IMAGES[APP]?.top.digest;
const newer = await makeImage({ seed: 'newer' });

/** One controller with one mirror, `a`, that has an image and an index; what happens behind its back is up to the test. */
let world: World;

beforeEach(async () => {
  world = makeWorld({ shared: false, policy: 'explicit', deletes: 'manifests' });
  world.controllers.splice(1);
  commitWishes(world, 'a', [
    { reference: 'team/lib:1', wish: 'wanted' },
    { reference: INDEX, wish: 'wanted' },
  ]);
  await settle(world);
});

async function pass(options: PassOptions = {}): Promise<MirrorReport | undefined> {
  const [running] = world.controllers;
  if (running === undefined) throw new Error('there is a controller');
  startPass(running, options);
  await finish(world);
  return running.report?.mirrors[0];
}

function lock(): Lock {
  const { git } = world.site;
  const files = git.filesAt(git.branches.get('manifests') ?? '');
  return parseLock('lock', files.get('a/imageset.lock') ?? '');
}

function locked(): string[] {
  return lock().images.map(({ destination }) => destination);
}

describe('the verify schedule', () => {
  it.each<{ what: string; harm: (destination: MemoryRegistry) => void }>([
    {
      what: 'a tag that is gone',
      harm(destination) {
        destination.repository('site/team/lib').tags.clear();
      },
    },
    {
      what: 'a manifest that is gone',
      harm(destination) {
        destination.repository('site/team/lib').manifests.clear();
      },
    },
    {
      what: 'an image that somebody overwrote',
      harm(destination) {
        put(destination, 'site/team/lib:1', newer);
      },
    },
    {
      what: 'an instance of an index that is gone, though its tag is there',
      harm(destination) {
        if (app !== undefined) destination.repository('site/team/app').manifests.delete(app);
      },
    },
  ])('heals $what, by digest, though the tag moved at the source', async ({ harm }) => {
    const before = lock();
    harm(world.site.destination);
    put(world.site.source, 'team/lib:1', newer);
    put(world.site.source, INDEX, newer);

    expect((await pass())?.state).toBe('Unchanged');
    await pass({ isVerify: true });

    check(world);
    expect(lock()).toEqual(before);
  });

  it('stops naming what it cannot heal, and takes what the tag names by then in the next pass', async () => {
    const { source, destination } = world.site;
    put(source, 'team/own:1', await makeImage({ seed: 'own' }));
    commitWishes(world, 'a', [{ reference: 'team/own:1', wish: 'wanted' }]);
    await pass();
    for (const { manifests, blobs } of [
      destination.repository('site/team/own'),
      source.repository('team/own'),
    ]) {
      manifests.clear();
      blobs.clear();
    }
    put(source, 'team/own:1', newer);

    expect((await pass({ isVerify: true }))?.state).toBe('Degraded');
    expect(locked()).toEqual([INDEX, 'team/lib:1']);
    expect(lock().configurations).toMatchObject([{ path: 'a/set.yaml', incomplete: true }]);

    expect((await pass())?.state).toBe('Applied');
    expect(digestAt(destination, 'site/team/own:1')).toBe(newer.top.digest);
    expect(lock().configurations[0]?.incomplete).toBeUndefined();
  });

  it('leaves everything as it is while the registry cannot be asked', async () => {
    const before = world.site.git.branches.get('manifests');
    world.site.destination.before = (request) => {
      throw new ControllerError('REGISTRY_UNREACHABLE', `no answer: ${request}`, {
        remedy: 'retry-later',
      });
    };

    expect((await pass({ isVerify: true }))?.state).toBe('Unchanged');
    expect(world.site.git.branches.get('manifests')).toBe(before);
  });
});

describe('a tag that moved at the source', () => {
  it('is noticed at the resync, and by no pass or verify before', async () => {
    const { source, destination } = world.site;
    put(source, 'team/lib:1', newer);
    const requests = source.requests.length;

    expect((await pass())?.state).toBe('Unchanged');
    expect((await pass({ isVerify: true }))?.state).toBe('Unchanged');
    expect(source.requests).toHaveLength(requests);

    expect((await pass({ isResync: true }))?.state).toBe('Applied');
    expect(digestAt(destination, 'site/team/lib:1')).toBe(newer.top.digest);
  });
});
