import { expect, it } from 'vitest';
import { type MirroredSite, startMirroredSite } from '../support/mirrored-site.ts';
import { type SiteMirror, type SiteReport, deleteSet, imageSet } from '../support/site.ts';

/** Mirrors `eu` and `us` at one registry and one path there, each with a folder of image sets and of resources. */
function mirrorsOf(
  { mirror }: MirroredSite,
  ...names: readonly string[]
): { mirrors: SiteMirror[] } {
  const { destination } = mirror;
  return {
    mirrors: names.map((name) => ({
      name,
      destination,
      paths: [name],
      output: `clusters/${name}`,
    })),
  };
}

function reportOf(reports: readonly SiteReport[], name: string): SiteReport | undefined {
  return reports.find(({ mirror }) => mirror === name);
}

it('holds what another mirror of the settings wants, and deletes it once that does not', async () => {
  await using both = await startMirroredSite();
  const { site } = both;
  await site.configure(mirrorsOf(both, 'eu', 'us'));
  const [app = '', web = ''] = await both.fill('team/app:1.0', 'team/web:1.0');
  await site.git.commit('main', {
    'eu/base.yaml': imageSet([app, web]),
    'us/base.yaml': imageSet([web]),
  });
  await site.pass();
  await site.git.commit('main', {
    'eu/base.yaml': imageSet([app]),
    'eu/delete.yaml': deleteSet([web]),
  });

  const held = await site.pass();

  expect(held.code).toBe(0);
  expect(reportOf(held.mirrors, 'eu')).toMatchObject({
    deleted: 0,
    held: [{ destination: 'team/web:1.0', why: 'still wanted by mirror us' }],
  });
  expect(await both.has('team/web:1.0')).toBeDefined();

  await site.git.commit('main', { 'us/base.yaml': imageSet([app]) });
  const pass = await site.pass();
  expect(reportOf(pass.mirrors, 'eu')).toMatchObject({ deleted: 1, held: [] });
  expect(await both.has('team/web:1.0')).toBeUndefined();
  expect(await both.has('team/app:1.0')).toBeDefined();
  // The orphan has left the other lock too: nobody names what is gone.
  for (const folder of ['clusters/eu', 'clusters/us']) {
    const { images, deleting } = await site.lock(folder);
    expect(images.map(({ destination }) => destination)).toEqual(['team/app:1.0']);
    expect(deleting).toEqual([]);
  }
});

it('holds what a mirror wants that only its lock tells of', async () => {
  await using both = await startMirroredSite();
  const { site } = both;
  const [app = '', web = '', old = ''] = await both.fill(
    'team/app:1.0',
    'team/web:1.0',
    'team/old:1.0',
  );
  await site.configure(mirrorsOf(both, 'us'));
  await site.git.commit('main', { 'us/base.yaml': imageSet([web, old]) });
  await site.pass();
  // What nobody wants there does not hold.
  await site.git.commit('main', { 'us/base.yaml': imageSet([web]) });
  await site.pass();
  await site.configure(mirrorsOf(both, 'eu'));
  await site.git.commit('main', {
    'eu/base.yaml': imageSet([app]),
    'eu/delete.yaml': deleteSet([web, old]),
  });

  const pass = await site.pass();

  expect(pass.mirrors).toMatchObject([
    {
      mirror: 'eu',
      deleted: 1,
      held: [{ destination: 'team/web:1.0', why: 'still wanted by mirror us' }],
    },
  ]);
  expect(await both.has('team/web:1.0')).toBeDefined();
  expect(await both.has('team/old:1.0')).toBeUndefined();
  expect((await site.lock('clusters/eu')).deletions).toMatchObject([{ images: 2, held: 1 }]);
});

it('holds everything while a lock in the branch cannot be read', async () => {
  await using both = await startMirroredSite();
  const { site } = both;
  await site.configure(mirrorsOf(both, 'eu'));
  const [app = '', web = ''] = await both.fill('team/app:1.0', 'team/web:1.0');
  await site.git.commit('main', { 'eu/base.yaml': imageSet([app, web]) });
  await site.pass();
  await site.git.commit('manifests', { 'clusters/us/imageset.lock': '<<<<<<< HEAD\n' });
  await site.git.commit('main', {
    'eu/base.yaml': imageSet([app]),
    'eu/delete.yaml': deleteSet([web]),
  });

  const held = await site.pass();

  expect(held.first).toMatchObject({ state: 'Applied', deleted: 0 });
  expect(held.first.held[0]?.why).toContain('clusters/us/imageset.lock');
  expect(await both.has('team/web:1.0')).toBeDefined();

  await site.git.commit('manifests', { 'clusters/us/imageset.lock': undefined });
  expect((await site.pass()).first).toMatchObject({ deleted: 1, held: [] });
  expect(await both.has('team/web:1.0')).toBeUndefined();
});

it('holds what the lock of a stalled mirror wants, whatever its broken files say', async () => {
  await using both = await startMirroredSite();
  const { site } = both;
  await site.configure(mirrorsOf(both, 'eu', 'us'));
  const [app = '', web = ''] = await both.fill('team/app:1.0', 'team/web:1.0');
  await site.git.commit('main', {
    'eu/base.yaml': imageSet([app, web]),
    'us/base.yaml': imageSet([web]),
  });
  await site.pass();
  await site.git.commit('main', {
    'eu/base.yaml': imageSet([app]),
    'eu/delete.yaml': deleteSet([web]),
    'us/base.yaml': imageSet([]).replace('mirror', 'miror'),
  });

  const pass = await site.pass();

  expect(pass.code).toBe(4);
  expect(reportOf(pass.mirrors, 'us')).toMatchObject({ state: 'Stalled' });
  expect(reportOf(pass.mirrors, 'eu')).toMatchObject({
    deleted: 0,
    held: [{ destination: 'team/web:1.0', why: 'still wanted by mirror us' }],
  });
  expect(await both.has('team/web:1.0')).toBeDefined();
});

it('does not take over what another mirror is deleting, and holds that delete', async () => {
  await using both = await startMirroredSite();
  const { site } = both;
  const { mirrors } = mirrorsOf(both, 'eu', 'us');
  const [app = '', web = ''] = await both.fill('team/app:1.0', 'team/web:1.0');
  await site.configure({
    mirrors: mirrors.map((mirror) => ({ ...mirror, deletion: { grace: '1h' } })),
  });
  await site.git.commit('main', {
    'eu/base.yaml': imageSet([app, web]),
    'us/base.yaml': imageSet([app]),
  });
  await site.pass();
  await site.git.commit('main', {
    'eu/base.yaml': imageSet([app]),
    'eu/delete.yaml': deleteSet([web]),
  });
  await site.pass();
  const before = (await both.destination.requests()).length;

  await site.git.commit('main', { 'us/base.yaml': imageSet([app, web]) });
  site.now = new Date(site.now.getTime() + 2 * 3_600_000);
  const pass = await site.pass();

  expect(reportOf(pass.mirrors, 'us')).toMatchObject({ state: 'Applied', bytesSent: 0 });
  const requests = (await both.destination.requests()).slice(before);
  const pushed = requests.filter(({ method, path }) => method === 'PUT' && path.includes('web'));
  expect(pushed.map(({ path }) => path)).toEqual(['/v2/site/team/web/manifests/1.0']);
  expect(reportOf(pass.mirrors, 'eu')).toMatchObject({ deleted: 0 });
  expect(await both.has('team/web:1.0')).toBeDefined();
  expect((await site.lock('clusters/eu')).deleting).toMatchObject([
    { destination: 'team/web:1.0', held: 'still wanted by mirror us' },
  ]);

  await site.git.commit('main', { 'us/base.yaml': imageSet([app]) });
  expect(reportOf((await site.pass()).mirrors, 'eu')).toMatchObject({ deleted: 1 });
  expect(await both.has('team/web:1.0')).toBeUndefined();
});

it('deletes what the delete files of two mirrors name, once', async () => {
  await using both = await startMirroredSite();
  const { site } = both;
  const { mirrors } = mirrorsOf(both, 'eu', 'us');
  await site.configure({ mirrors: mirrors.map((mirror) => ({ ...mirror, paths: ['all'] })) });
  const [app = '', web = ''] = await both.fill('team/app:1.0', 'team/web:1.0');
  await site.git.commit('main', { 'all/base.yaml': imageSet([app, web]) });
  await site.pass();
  await site.git.commit('main', {
    'all/base.yaml': imageSet([app]),
    'all/delete.yaml': deleteSet([web]),
  });

  const pass = await site.pass();

  expect(pass.mirrors.map(({ deleted }) => deleted).sort()).toEqual([0, 1]);
  expect(await both.has('team/web:1.0')).toBeUndefined();
  for (const folder of ['clusters/eu', 'clusters/us']) {
    const { images, deleting, deletions } = await site.lock(folder);
    expect(images.map(({ destination }) => destination)).toEqual(['team/app:1.0']);
    expect(deleting).toEqual([]);
    expect(deletions).toMatchObject([{ path: 'all/delete.yaml', images: 1 }]);
  }
});

it('forgets an orphan that another mirror has pruned', async () => {
  await using both = await startMirroredSite();
  const { site } = both;
  const { mirrors } = mirrorsOf(both, 'eu', 'us');
  await site.configure({
    mirrors: mirrors.map((mirror) =>
      mirror.name === 'eu' ? { ...mirror, deletion: { policy: 'prune' } } : mirror,
    ),
  });
  const [app = '', web = ''] = await both.fill('team/app:1.0', 'other/web:1.0');
  await site.git.commit('main', {
    'eu/base.yaml': imageSet([app, web]),
    'us/base.yaml': imageSet([app, web]),
  });
  await site.pass();
  await site.git.commit('main', {
    'eu/base.yaml': imageSet([app]),
    'us/base.yaml': imageSet([app]),
  });

  const pass = await site.pass();

  expect(reportOf(pass.mirrors, 'eu')).toMatchObject({ deleted: 1 });
  expect(await both.has('other/web:1.0')).toBeUndefined();
  const { images } = await site.lock('clusters/us');
  expect(images.map(({ destination }) => destination)).toEqual(['team/app:1.0']);
  expect(await site.manifest('clusters/us/resources/itms-oc-mirror.yaml')).not.toContain('other');
});

it('keeps its own orphan where the delete file of another mirror was carried out before', async () => {
  await using both = await startMirroredSite();
  const { site } = both;
  await site.configure(mirrorsOf(both, 'eu', 'us'));
  const [app = '', web = ''] = await both.fill('team/app:1.0', 'other/web:1.0');
  await site.git.commit('main', {
    'eu/base.yaml': imageSet([app, web]),
    'us/base.yaml': imageSet([app]),
  });
  await site.pass();
  await site.git.commit('main', {
    'eu/base.yaml': imageSet([app]),
    'eu/delete.yaml': deleteSet([web]),
  });
  await site.pass();
  await site.git.commit('main', { 'us/base.yaml': imageSet([app, web]) });
  await site.pass();
  expect(await both.has('other/web:1.0')).toBeDefined();

  await site.git.commit('main', { 'us/base.yaml': imageSet([app]) });
  await site.pass();

  expect(await both.has('other/web:1.0')).toBeDefined();
  expect((await site.lock('clusters/us')).images).toMatchObject([
    { destination: 'other/web:1.0', wantedBy: [] },
    { destination: 'team/app:1.0' },
  ]);
  // It is deleted when a file of its own mirror asks for it.
  await site.git.commit('main', { 'us/delete.yaml': deleteSet([web]) });
  expect(reportOf((await site.pass()).mirrors, 'us')).toMatchObject({ deleted: 1 });
  expect(await both.has('other/web:1.0')).toBeUndefined();
});
