import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeHook } from '../support/git-hook.ts';
import { makeImage } from '../support/make-image.ts';
import { startMirroredSite } from '../support/mirrored-site.ts';
import { plainRequest } from '../support/plain-request.ts';
import { deleteSet, imageSet } from '../support/site.ts';

const ITMS = 'prod/resources/itms-oc-mirror.yaml';

it('stops naming an image in Git before it deletes it, and says so in a second commit', async () => {
  await using prod = await startMirroredSite();
  const { site } = prod;
  const [app = '', web = ''] = await prod.fill('team/app:1.0', 'other/web:1.0');
  await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });
  await site.pass();
  const there = await prod.has('other/web:1.0');
  // Asks at every push whether the image is there.
  const seen = join(site.folder, 'seen');
  const url = `${prod.destination.endpoint.url}/v2/site/other/web/manifests/1.0`;
  const script = `fetch(${JSON.stringify(url)}, { method: "HEAD" }).then((r) => console.log(r.status))`;
  await writeHook(site.git, 'post-receive', `'${process.execPath}' -e '${script}' >> '${seen}'`);

  const commit = await site.git.commit('main', {
    'base.yaml': imageSet([app]),
    'delete.yaml': deleteSet([web]),
  });
  const pass = await site.pass();

  expect(pass).toMatchObject({ code: 0, first: { state: 'Applied', deleted: 1 } });
  expect((await readFile(seen, 'utf8')).split('\n')).toEqual(['200', '404', '']);
  const [after, before] = pass.first.commits.toReversed();
  const leaving = await site.lock('prod', before);
  expect(leaving.images.map(({ destination }) => destination)).toEqual(['team/app:1.0']);
  expect(leaving.deleting).toMatchObject([
    { destination: 'other/web:1.0', digest: there, since: commit, reason: 'delete.yaml' },
  ]);
  expect(leaving.deletions).toMatchObject([{ path: 'delete.yaml', images: 1 }]);
  expect(await site.manifest(ITMS, before)).not.toContain('other');
  expect((await site.lock('prod', after)).deleting).toEqual([]);
  expect(await site.manifest(ITMS, after)).toBe(await site.manifest(ITMS, before));
  const messages = (await site.commits()).map(({ message }) => message.split('\n')[0]);
  expect(messages.slice(0, 2)).toEqual([
    'mirror(prod): 1 image deleted',
    'mirror(prod): 1 image leaving',
  ]);
  expect(await prod.has('team/app:1.0')).toBeDefined();
});

it('carries a delete file out once', async () => {
  await using prod = await startMirroredSite();
  const { site } = prod;
  const [app = '', web = ''] = await prod.fill('team/app:1.0', 'team/web:1.0');
  await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });
  await site.pass();
  await site.git.commit('main', {
    'base.yaml': imageSet([app]),
    'delete.yaml': deleteSet([web]),
  });
  await site.pass();
  // Somebody puts it back by hand.
  await prod.put('team/web:1.0', await makeImage({ seed: 'team/web:1.0' }));
  const before = await prod.requestCount();

  const pass = await site.pass();

  expect(pass.first).toMatchObject({ state: 'Unchanged', deleted: 0, commits: [] });
  expect(await prod.requestCount()).toBe(before);
  expect(await prod.has('team/web:1.0')).toBeDefined();

  // What is mirrored again and then removed is an orphan like others.
  await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });
  await site.pass();
  await site.git.commit('main', { 'base.yaml': imageSet([app]) });
  expect((await site.pass()).first).toMatchObject({ state: 'Applied', deleted: 0, held: [] });
  expect((await site.lock('prod')).images).toMatchObject([{}, { wantedBy: [] }]);

  // A change of the file makes it new.
  await site.git.commit('main', { 'delete.yaml': `# again\n${deleteSet([web])}` });
  expect((await site.pass()).first.deleted).toBe(1);
  expect(await prod.has('team/web:1.0')).toBeUndefined();
});

it('brings everything back when the deleting commit is reverted', async () => {
  await using prod = await startMirroredSite();
  const { site } = prod;
  const [app = '', web = ''] = await prod.fill('team/app:1.0', 'other/web:1.0');
  const before = await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });
  await site.pass();
  const [tree, digest] = [await site.manifest(ITMS), await prod.has('other/web:1.0')];
  await site.git.commit('main', { 'base.yaml': imageSet([app]), 'delete.yaml': deleteSet([web]) });
  expect((await site.pass()).first.deleted).toBe(1);

  // A revert: the tree of the commit before.
  const reverting = await site.git.git([
    ...['commit-tree', `${before}^{tree}`, '-p', 'main', '-m', 'Revert'],
  ]);
  await site.git.git(['update-ref', 'refs/heads/main', reverting]);
  const pass = await site.pass();

  expect(pass).toMatchObject({ code: 0, first: { state: 'Applied' } });
  expect(await prod.has('other/web:1.0')).toBe(digest);
  expect(await site.manifest(ITMS)).toBe(tree);
  expect((await site.lock('prod')).images).toHaveLength(2);
  expect((await site.lock('prod')).deletions).toEqual([]);
});

it('holds what another file still wants, and deletes it in the first pass in which nobody does', async () => {
  await using prod = await startMirroredSite();
  const { site } = prod;
  const [app = '', web = ''] = await prod.fill('team/app:1.0', 'team/web:1.0');
  await site.git.commit('main', {
    'base.yaml': imageSet([app]),
    'more.yaml': imageSet([app, web]),
    'delete.yaml': deleteSet([web]),
  });

  const held = await site.pass();

  expect(held).toMatchObject({
    code: 0,
    first: {
      deleted: 0,
      held: [
        { destination: 'team/web:1.0', why: expect.stringMatching(/more\.yaml:6:\d+/) as string },
      ],
    },
  });
  expect((await site.lock('prod')).deletions).toMatchObject([{ path: 'delete.yaml', held: 1 }]);
  const before = await prod.requestCount();
  expect((await site.pass()).first).toMatchObject({ state: 'Unchanged', commits: [] });
  expect(await prod.requestCount()).toBe(before);

  await site.git.commit('main', { 'more.yaml': imageSet([app]) });
  expect((await site.pass()).first).toMatchObject({ deleted: 1, held: [] });
  expect(await prod.has('team/web:1.0')).toBeUndefined();
  expect((await site.lock('prod')).deletions).toMatchObject([
    { path: 'delete.yaml', blob: expect.any(String) as string, images: 1 },
  ]);
});

it('deletes what is there without being in the lock, and says so in Git first', async () => {
  await using prod = await startMirroredSite();
  const { site } = prod;
  const [app = '', old = ''] = await prod.fill('team/app:1.0', 'team/old:1.0');
  await prod.put('team/old:1.0', await makeImage({ seed: 'team/old:1.0' }));
  await site.git.commit('main', {
    'base.yaml': imageSet([app]),
    'delete.yaml': deleteSet([old, prod.ref('team/never:1.0')]),
  });

  const pass = await site.pass();

  expect(pass.first).toMatchObject({ state: 'Applied', deleted: 1 });
  expect(await prod.has('team/old:1.0')).toBeUndefined();
  const leaving = await site.lock('prod', pass.first.commits[0]);
  expect(leaving.deleting).toMatchObject([{ destination: 'team/old:1.0', source: old }]);
  expect(leaving.deletions).toMatchObject([{ path: 'delete.yaml', images: 2 }]);
});

it('holds what an image set asks for, also where that cannot be looked up now', async () => {
  await using prod = await startMirroredSite();
  const { site } = prod;
  const [app = ''] = await prod.fill('team/app:1.0');
  const web = prod.ref('team/web:1.0');
  await prod.put('team/web:1.0', await makeImage({ seed: 'team/web:1.0' }));
  await site.git.commit('main', {
    'base.yaml': imageSet([app, web]),
    'delete.yaml': deleteSet([web]),
  });

  const pass = await site.pass();

  expect(pass).toMatchObject({
    code: 3,
    first: {
      state: 'Degraded',
      deleted: 0,
      held: [
        {
          destination: 'team/web:1.0',
          why: expect.stringMatching(/^still wanted by base\.yaml:6:/) as string,
        },
      ],
    },
  });
  expect(await prod.has('team/web:1.0')).toBeDefined();
});

it.each([
  { name: 'without asking its source', args: [], code: 0, state: 'Applied' },
  { name: 'also where that cannot be looked up', args: ['--resync'], code: 3, state: 'Degraded' },
])('does not go on with a delete whose image is wanted again, $name', async (example) => {
  await using prod = await startMirroredSite({ deletion: { grace: '1h' } });
  const { site, source } = prod;
  const [app = '', web = ''] = await prod.fill('team/app:1.0', 'team/web:1.0');
  await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });
  await site.pass();
  await site.git.commit('main', { 'base.yaml': imageSet([app]), 'delete.yaml': deleteSet([web]) });
  await site.pass();
  const gone = `/v2/team/web/manifests/${await prod.has('team/web:1.0')}`;
  await plainRequest(source.endpoint, 'DELETE', gone);
  await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });
  site.now = new Date(site.now.getTime() + 2 * 3_600_000);

  const pass = await site.pass(example.args);

  expect(pass).toMatchObject({ code: example.code, first: { state: example.state, deleted: 0 } });
  expect(await prod.has('team/web:1.0')).toBeDefined();
});
