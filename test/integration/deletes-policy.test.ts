import { expect, it } from 'vitest';
import { startMirroredSite } from '../support/mirrored-site.ts';
import { deleteSet, imageSet } from '../support/site.ts';

const HOUR_MS = 3_600_000;
const ITMS = 'prod/resources/itms-oc-mirror.yaml';

it('waits for the grace, counted from the commit that stopped naming the image', async () => {
  await using prod = await startMirroredSite({ deletion: { grace: '24h' } });
  const { site } = prod;
  const [app = '', web = ''] = await prod.fill('team/app:1.0', 'other/web:1.0');
  await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });
  await site.pass();
  await site.git.commit('main', {
    'base.yaml': imageSet([app]),
    'delete.yaml': deleteSet([web]),
  });

  const first = await site.pass();
  expect(first.first).toMatchObject({ state: 'Applied', deleted: 0 });
  expect(first.first.commits).toHaveLength(1);
  expect(await site.manifest(ITMS)).not.toContain('other');

  // Another commit in between does not start the grace again.
  site.now = new Date(site.now.getTime() + 23 * HOUR_MS);
  const [more = ''] = await prod.fill('team/more:1.0');
  await site.git.commit('main', { 'more.yaml': imageSet([more]) });
  expect((await site.pass()).first).toMatchObject({ state: 'Applied', deleted: 0 });
  expect(await prod.has('other/web:1.0')).toBeDefined();

  site.now = new Date(site.now.getTime() + HOUR_MS);
  const last = await site.pass();
  expect(last.first).toMatchObject({ state: 'Applied', deleted: 1 });
  expect(last.first.commits).toHaveLength(1);
  expect(await prod.has('other/web:1.0')).toBeUndefined();
  expect((await site.lock('prod')).deleting).toEqual([]);
});

it('takes an image back without copying it when its delete is withdrawn during the grace', async () => {
  await using prod = await startMirroredSite({ deletion: { grace: '1d' } });
  const { site } = prod;
  const [app = '', web = ''] = await prod.fill('team/app:1.0', 'other/web:1.0');
  await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });
  await site.pass();
  const before = await site.manifest(ITMS);
  await site.git.commit('main', { 'base.yaml': imageSet([app]), 'delete.yaml': deleteSet([web]) });
  await site.pass();
  await site.git.commit('main', {
    'base.yaml': imageSet([app, web]),
    'delete.yaml': undefined,
  });

  const pass = await site.pass();

  expect(pass.first).toMatchObject({ state: 'Applied', deleted: 0, bytesSent: 0 });
  expect(await site.manifest(ITMS)).toBe(before);
  expect((await site.lock('prod')).deleting).toEqual([]);
  site.now = new Date(site.now.getTime() + 48 * HOUR_MS);
  expect((await site.pass()).first).toMatchObject({ state: 'Unchanged', deleted: 0 });
  expect(await prod.has('other/web:1.0')).toBeDefined();
});

it('does nothing of the deletes over maxImages until the plan is approved by its hash', async () => {
  const deletion = { maxImages: 2 };
  await using prod = await startMirroredSite({ deletion });
  const { site } = prod;
  const names = ['team/a:1', 'team/b:1', 'team/c:1', 'team/d:1'];
  const [stays = '', ...go] = await prod.fill(...names);
  await site.git.commit('main', { 'base.yaml': imageSet([stays, ...go]) });
  await site.pass();
  await site.git.commit('main', { 'base.yaml': imageSet([stays]), 'delete.yaml': deleteSet(go) });

  const pass = await site.pass();

  expect(pass).toMatchObject({ code: 0, first: { deleted: 0 } });
  expect(pass.first.held.map(({ destination }) => destination)).toEqual(names.slice(1));
  for (const { why } of pass.first.held) {
    expect(why).toContain('3 images would be deleted at once, over deletion.maxImages 2; raise it');
  }
  for (const name of names) expect(await prod.has(name)).toBeDefined();
  expect(await site.manifest(ITMS)).toContain('team');

  const plan = JSON.parse((await site.run(['plan', '--output', 'json'])).stdout) as {
    plans: { hash: string }[];
  };
  const approvedPlan = plan.plans[0]?.hash;
  await site.configure({ mirrors: [{ ...prod.mirror, deletion: { ...deletion, approvedPlan } }] });
  expect((await site.pass()).first).toMatchObject({ state: 'Applied', deleted: 3, held: [] });
  for (const name of names.slice(1)) expect(await prod.has(name)).toBeUndefined();
});

it('counts maxShare from ten deletes on', async () => {
  await using prod = await startMirroredSite({ deletion: { maxShare: 0.5 } });
  const { site } = prod;
  const names = Array.from({ length: 19 }, (_, index) => `team/app:${index}`);
  const refs = await prod.fill(...names);
  await site.git.commit('main', { 'base.yaml': imageSet(refs) });
  await site.pass();

  const goAt = async (count: number): Promise<void> => {
    await site.git.commit('main', {
      'base.yaml': imageSet(refs.slice(count)),
      'delete.yaml': deleteSet(refs.slice(0, count)),
    });
  };
  await goAt(10);
  const held = await site.pass();
  expect(held.first).toMatchObject({ deleted: 0 });
  expect(held.first.held[0]?.why).toContain(
    '10 of 19 images would be deleted at once, over deletion.maxShare 0.5',
  );

  await goAt(9);
  expect((await site.pass()).first).toMatchObject({ deleted: 9, held: [] });
});

it('leaves an orphan where it is, also in the resources, until a file asks for its delete', async () => {
  await using prod = await startMirroredSite();
  const { site } = prod;
  const [app = '', web = ''] = await prod.fill('team/app:1.0', 'other/web:1.0');
  await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });
  await site.pass();
  const before = await site.manifest(ITMS);
  await site.git.commit('main', { 'base.yaml': imageSet([app]) });

  const pass = await site.pass();

  expect(pass.first).toMatchObject({ deleted: 0 });
  expect(await site.manifest(ITMS)).toBe(before);
  expect(await prod.has('other/web:1.0')).toBeDefined();
  expect((await site.lock('prod')).images).toMatchObject([
    { destination: 'other/web:1.0', wantedBy: [] },
    { destination: 'team/app:1.0', wantedBy: ['base.yaml'] },
  ]);

  await site.git.commit('main', { 'delete.yaml': deleteSet([web]) });
  expect((await site.pass()).first.deleted).toBe(1);
  expect(await site.manifest(ITMS)).not.toContain('other');
});

it('prunes what was removed, but never in a pass with failures', async () => {
  await using prod = await startMirroredSite({ deletion: { policy: 'prune' } });
  const { site } = prod;
  const [app = '', web = ''] = await prod.fill('team/app:1.0', 'other/web:1.0');
  await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });
  await site.pass();
  // The replacement is not there yet.
  const missing = prod.ref('other/web:2.0');
  await site.git.commit('main', { 'base.yaml': imageSet([app, missing]) });

  const failing = await site.pass();

  expect(failing).toMatchObject({ code: 3, first: { state: 'Degraded', deleted: 0 } });
  expect(await prod.has('other/web:1.0')).toBeDefined();
  expect(await site.manifest(ITMS)).toContain('other');

  await prod.fill('other/web:2.0');
  const pass = await site.pass();
  expect(pass).toMatchObject({ code: 0, first: { state: 'Applied', deleted: 1 } });
  expect(await prod.has('other/web:1.0')).toBeUndefined();
  expect(await prod.has('other/web:2.0')).toBeDefined();
  const messages = (await site.commits()).map(({ message }) => message.split('\n')[0]);
  expect(messages.slice(0, 2)).toEqual([
    'mirror(prod): 1 image deleted',
    expect.stringContaining('1 image added') as string,
  ]);
});
