import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { makeImage } from '../support/make-image.ts';
import { type MirroredSite, startMirroredSite } from '../support/mirrored-site.ts';
import { plainRequest } from '../support/plain-request.ts';
import { pushImage } from '../support/push-image.ts';
import { startRunning } from '../support/running-controller.ts';
import { imageSet } from '../support/site.ts';

/** A time that does not come while a test runs. */
const SELDOM = '0 0 1 1 *';
const EVERY_SECOND = '* * * * * *';
const ITMS = 'prod/resources/itms-oc-mirror.yaml';

async function startSite(schedule: Readonly<Record<string, string>> = {}): Promise<MirroredSite> {
  const prod = await startMirroredSite();
  const all = { poll: SELDOM, resync: 'never', verify: 'never', ...schedule };
  await prod.site.configure({ mirrors: [prod.mirror], schedule: all });
  const [app = ''] = await prod.fill('team/app:1.0');
  await prod.site.git.commit('main', { 'base.yaml': imageSet([app]) });
  return prod;
}

it('makes a pass at the start and at every request, and ends with 0 when it is told to', async () => {
  await using prod = await startSite();
  const { site } = prod;
  await using controller = startRunning(site);
  expect((await controller.waitForPasses(1))[0]).toMatch(/^prod: Applied at .* 1 added/);

  const [web = ''] = await prod.fill('other/web:1.0');
  await site.git.commit('main', { 'web.yaml': imageSet([web]) });
  controller.hangUp();
  expect((await controller.waitForPasses(2))[1]).toMatch(/^prod: Applied at .* 1 added/);

  // The controller asked for it: so there is a pass, and it finds nothing to do.
  controller.hangUp();
  expect((await controller.waitForPasses(3))[2]).toMatch(/^prod: Unchanged at /);
  expect((await controller.stop()).code).toBe(0);
  expect(await prod.has('other/web:1.0')).toBeDefined();
});

it('looks at the branches by its schedule, and makes a pass only where one has moved', async () => {
  await using prod = await startSite({ poll: EVERY_SECOND });
  const { site } = prod;
  await using controller = startRunning(site);
  await controller.waitForPasses(1);

  await sleep(3000);
  expect(controller.passes()).toHaveLength(1);

  const [web = ''] = await prod.fill('other/web:1.0');
  await site.git.commit('main', { 'web.yaml': imageSet([web]) });
  expect((await controller.waitForPasses(2))[1]).toMatch(/^prod: Applied at .* 1 added/);

  // What somebody pushes to its folder is mended.
  const own = await site.manifest(ITMS);
  await site.git.commit('manifests', { [ITMS]: 'edited\n' });
  expect((await controller.waitForPasses(3))[2]).toMatch(/^prod: Applied at /);
  expect(await site.manifest(ITMS)).toBe(own);
});

it('makes one pass at a time, and one for all requests that come meanwhile', async () => {
  await using prod = await startSite();
  await using controller = startRunning(prod.site);
  await controller.waitForPasses(1);

  for (let request = 0; request < 5; request += 1) {
    controller.hangUp();
    await sleep(5);
  }
  await controller.waitForPasses(2);
  await sleep(1500);

  // The first request began a pass; all others were made up for by one more.
  expect(controller.passes().length).toBeLessThanOrEqual(3);
});

it('goes on after a pass that could not be made, and makes up for what was due in it', async () => {
  await using prod = await startSite({ resync: '0 3 * * *' });
  const { site, source } = prod;
  await site.pass();
  const before = await prod.has('team/app:1.0');
  await pushImage(source.endpoint, 'team/app', await makeImage({ seed: 'newer' }), '1.0');
  await writeScheduleState(prod, 'resync');
  await rename(site.git.folder, `${site.git.folder}.away`);
  await using controller = startRunning(site);
  await vi.waitFor(
    () => {
      expect(controller.log()).toContain('the pass could not be made');
    },
    { timeout: 30_000 },
  );
  await rename(`${site.git.folder}.away`, site.git.folder);

  controller.hangUp();

  expect((await controller.waitForPasses(1))[0]).toMatch(/^prod: Applied at /);
  expect(await prod.has('team/app:1.0')).not.toBe(before);
  expect((await controller.stop()).code).toBe(0);
});

it('heals what was deleted at the registry at the verify that it missed', async () => {
  await using prod = await startSite({ verify: '0 4 * * 0' });
  const { site } = prod;
  await site.pass();
  const digest = await removeFromDestination(prod, 'team/app', '1.0');
  await writeScheduleState(prod, 'verify');

  await using controller = startRunning(site);
  await controller.waitForPasses(1);

  expect(await prod.has('team/app:1.0')).toBe(digest);
  expect(controller.log()).toContain('the registry is not as the lock says');
});

it('stops naming what a verify finds lost and cannot heal, and says that the file is incomplete', async () => {
  await using prod = await startSite({ verify: '0 4 * * 0' });
  const { site, source } = prod;
  const image = await makeImage({ seed: 'web' });
  await pushImage(source.endpoint, 'other/web', image, '1.0');
  await site.git.commit('main', { 'web.yaml': imageSet([prod.ref('other/web:1.0')]) });
  await site.pass();
  expect(await site.manifest(ITMS)).toContain('other');
  await removeFromDestination(prod, 'other/web', '1.0');
  for (const blob of image.blobs.keys()) await prod.ask('DELETE', `other/web/blobs/${blob}`);
  await plainRequest(source.endpoint, 'DELETE', `/v2/other/web/manifests/${image.top.digest}`);
  for (const blob of image.blobs.keys()) {
    await plainRequest(source.endpoint, 'DELETE', `/v2/other/web/blobs/${blob}`);
  }
  await writeScheduleState(prod, 'verify');

  await using controller = startRunning(site);
  const [pass] = await controller.waitForPasses(1);

  expect(pass).toMatch(/^prod: Degraded at /);
  expect(await site.manifest(ITMS)).not.toContain('other');
  const lock = await site.lock('prod');
  expect(lock.images.map(({ destination }) => destination)).toEqual(['team/app:1.0']);
  expect(lock.configurations).toMatchObject([
    { path: 'base.yaml' },
    { path: 'web.yaml', incomplete: true },
  ]);
});

it('notices a moved tag at the resync that it missed, and at no pass before', async () => {
  await using prod = await startSite({ resync: '0 3 * * *' });
  const { site, source } = prod;
  await site.pass();
  const before = await prod.has('team/app:1.0');
  await pushImage(source.endpoint, 'team/app', await makeImage({ seed: 'newer' }), '1.0');
  expect((await site.pass()).first.state).toBe('Unchanged');
  await writeScheduleState(prod, 'resync');

  await using controller = startRunning(site);

  expect((await controller.waitForPasses(1))[0]).toMatch(/^prod: Applied at /);
  expect(await prod.has('team/app:1.0')).not.toBe(before);
});

/** Says that a schedule last ran a month before the site's clock. */
async function writeScheduleState({ site }: MirroredSite, kind: string): Promise<void> {
  const last = new Date(site.now.getTime() - 30 * 24 * 3_600_000);
  const state = { [kind]: last.toISOString() };
  await writeFile(join(site.folder, 'state/schedule.json'), JSON.stringify(state));
}

async function removeFromDestination(
  prod: MirroredSite,
  repository: string,
  tag: string,
): Promise<string> {
  const digest = (await prod.has(`${repository}:${tag}`)) ?? '';
  expect((await prod.ask('DELETE', `${repository}/manifests/${digest}`)).status).toBe(202);
  return digest;
}
