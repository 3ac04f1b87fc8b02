import { chains } from '../support/catalogs/chains.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCatalog } from '../support/catalogs/make-catalog-image.ts';
import { fixtureCatalog } from '../support/catalogs/operator-images.ts';
import { noFaults, requests } from '../support/fault-plan.ts';
import { type KillingRequest, killAt } from '../support/kill-at.ts';
import { type Scene, type World, makeWorld } from '../support/killed-passes.ts';
import { makeImage } from '../support/make-image.ts';
import { operatorSet } from '../support/operator-site.ts';
import type { Endpoint } from '../support/plain-request.ts';
import { pushImage } from '../support/push-image.ts';
import { digestAt, listRegistry, uploadsByDigest } from '../support/registry-content.ts';
import { findProgram, hasProgram } from '../support/run-program.ts';
import { imageSet } from '../support/site.ts';

const hasPrograms = findProgram('docker-registry') !== undefined && hasProgram('git');
const FILES = {
  ...chains('pump', { stable: ['1.0.0', '1.1.0', '1.2.0'] }),
  ...chains('tap', { one: ['1.0.0'] }),
};

/** Where a process is killed: at the first request or call of a sort. */
type Moment =
  | (KillingRequest & { readonly at: 'source' | 'destination' })
  | { readonly at: 'git'; readonly command: string; readonly when: KillingRequest['when'] };

const READ_CATALOG = requests('GET', /\/team\/catalog\/blobs\//);
const PUSH_BUNDLE = requests('PUT', /\/example\/pump-bundle\/manifests\//);
const PUSH_LAYER = requests('PUT', /\/team\/catalog\/blobs\//);
const PUSH_CATALOG = requests('PUT', /\/team\/catalog\/manifests\//);

const KILLS: readonly { readonly what: string; readonly moments: readonly [Moment, Moment] }[] = [
  {
    what: 'reading the catalog, then pushing it',
    moments: [
      { at: 'source', matches: READ_CATALOG, when: 'after' },
      { at: 'destination', matches: PUSH_CATALOG, when: 'before' },
    ],
  },
  {
    what: 'copying a bundle, then with the catalog there',
    moments: [
      { at: 'destination', matches: PUSH_BUNDLE, when: 'after' },
      { at: 'destination', matches: PUSH_CATALOG, when: 'after' },
    ],
  },
  {
    what: 'sending the layer, then before the commit is pushed',
    moments: [
      { at: 'destination', matches: PUSH_LAYER, when: 'before' },
      { at: 'git', command: 'push', when: 'before' },
    ],
  },
];

describe.skipIf(!hasPrograms)('a controller that is killed twice with a catalog', () => {
  let world: World & AsyncDisposable;
  let undisturbed: { content: Record<string, string>; branch: string };

  beforeAll(async () => {
    world = await makeWorld(catalogComes);
    await using registry = await world.restore();
    const { code, stderr } = await (await world.start()).ended;
    expect(code, stderr).toBe(0);
    undisturbed = { content: await listRegistry(registry.endpoint), branch: await world.branch() };
    expect(Object.keys(undisturbed.content)).toContain('site/team/catalog:v1');
  }, 120_000);
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  it.each(KILLS)('ends as if it had not been: $what', async ({ moments }) => {
    await using registry = await world.restore();
    for (const moment of moments) {
      const arms = moment.at === 'git' ? { ...moment, n: 1 } : undefined;
      await world.git.arm(arms);
      const killed = await world.start();
      if (moment.at !== 'git')
        killAt(world.proxy[moment.at], moment, () => {
          killed.signal('SIGKILL');
        });
      expect((await killed.ended).signal).toBe('SIGKILL');
      world.proxy.source.plan = noFaults;
      world.proxy.destination.plan = noFaults;
      await world.git.arm(undefined);
      // Whatever happened: what the branch names is there.
      for (const [place, digest] of await world.locked())
        expect(await digestAt(registry.endpoint, `site/${place}`), place).toBe(digest);
    }

    const { code, stderr } = await (await world.start()).ended;

    expect(code, stderr).toBe(0);
    expect(await listRegistry(registry.endpoint)).toEqual(undisturbed.content);
    expect(await world.branch()).toBe(undisturbed.branch);
    const sent = uploadsByDigest(await registry.requests());
    expect([...sent].filter(([, times]) => times > 1)).toEqual([]);
  });
});

/** An image is there, and a catalog comes. */
async function catalogComes(endpoint: Endpoint, host: string): Promise<Scene> {
  await pushImage(endpoint, 'old/app', await makeImage({ seed: 'old' }), '1.0');
  const { files, images } = await fixtureCatalog(host, FILES);
  for (const { repository, tag, image } of images)
    await pushImage(endpoint, repository, image, tag);
  await pushImage(endpoint, 'team/catalog', await makeCatalog({ files }), 'v1');
  const before = { 'images.yaml': imageSet([`${host}/old/app:1.0`]) };
  const packages = [{ name: 'pump', minVersion: '1.1.0' }, { name: 'tap' }];
  const operators = operatorSet([{ catalog: `${host}/team/catalog:v1`, packages }]);
  return { before, after: { 'operators.yaml': operators } };
}
