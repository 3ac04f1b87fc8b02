import { expect, it } from 'vitest';
import { startEmbeddedRegistry } from '../support/embedded-registry.ts';
import { writeHook } from '../support/git-hook.ts';
import { startMirroredSite } from '../support/mirrored-site.ts';
import { imageSet } from '../support/site.ts';

it('begins the manifests branch without a parent, and never has files of the source in it', async () => {
  await using prod = await startMirroredSite();
  const { site } = prod;
  const [app = ''] = await prod.fill('team/app:1.0');
  await site.git.commit('main', { 'base.yaml': imageSet([app]), 'README.md': 'x\n' });

  await site.pass();

  expect(await site.git.git(['rev-list', '--parents', 'manifests'])).toMatch(/^\w+$/);
  expect(await site.git.git(['ls-tree', '-r', '--name-only', 'manifests'])).toBe(
    ['prod/imageset.lock', 'prod/kustomization.yaml', 'prod/resources/itms-oc-mirror.yaml'].join(
      '\n',
    ),
  );
});

it('keeps what people push to the branch, and mends what is its own', async () => {
  await using prod = await startMirroredSite();
  const { site } = prod;
  const [app = '', web = ''] = await prod.fill('team/app:1.0', 'team/web:1.0');
  await site.git.commit('main', { 'base.yaml': imageSet([app]) });
  await site.pass();
  const own = await site.manifest('prod/kustomization.yaml');
  const theirs = await site.git.commit('manifests', {
    'README.md': 'ours\n',
    'prod/notes.md': 'ours too\n',
    'prod/kustomization.yaml': 'edited\n',
    'prod/resources/extra.yaml': 'kind: Extra\n',
  });
  await site.git.commit('main', { 'more.yaml': imageSet([web]) });

  const pass = await site.pass();

  expect(pass.first.state).toBe('Applied');
  expect(await site.git.git(['rev-parse', 'manifests^'])).toBe(theirs);
  expect(await site.manifest('README.md')).toBe('ours\n');
  expect(await site.manifest('prod/notes.md')).toBe('ours too\n');
  expect(await site.manifest('prod/kustomization.yaml')).toBe(own);
  expect(await site.manifest('prod/resources/extra.yaml')).toBeUndefined();
});

it('shares the branch and a registry with a mirror beside it, and one registry more', async () => {
  await using prod = await startMirroredSite();
  await using other = await startEmbeddedRegistry();
  const { site, mirror } = prod;
  const [app = '', web = ''] = await prod.fill('team/app:1.0', 'team/web:1.0');
  await site.configure({
    mirrors: [
      { ...mirror, name: 'eu', paths: ['eu', 'all.yaml'], output: 'clusters/eu/prod' },
      { ...mirror, name: 'us', paths: ['us.yaml', 'all.yaml'], output: 'clusters/us' },
      { name: 'far', destination: `docker://${other.host}`, paths: ['all.yaml'], output: 'far' },
    ],
  });
  await site.git.commit('main', {
    'all.yaml': imageSet([app]),
    'eu/web.yaml': imageSet([web]),
    'us.yaml': imageSet([]),
  });

  const pass = await site.pass();

  expect(pass.mirrors.map(({ mirror, state }) => `${mirror} ${state}`)).toEqual([
    'eu Applied',
    'us Applied',
    'far Applied',
  ]);
  const placesIn = async (folder: string): Promise<string[]> =>
    (await site.lock(folder)).images.map(({ destination }) => destination);
  expect(await placesIn('clusters/eu/prod')).toEqual(['team/app:1.0', 'team/web:1.0']);
  expect(await placesIn('clusters/us')).toEqual(['team/app:1.0']);
  expect(await placesIn('far')).toEqual(['team/app:1.0']);
  expect(await site.commits()).toHaveLength(3);
  // What one mirror has put there, the next one takes over.
  const puts = (await prod.destination.requests()).filter(({ method, path }) => {
    return method === 'PUT' && path.includes('/team/app/manifests/');
  });
  expect(puts).toHaveLength(1);

  const before = await prod.requestCount();
  const again = await site.pass();
  expect(again.mirrors.every(({ state }) => state === 'Unchanged')).toBe(true);
  expect(await prod.requestCount()).toBe(before);
});

it('fills the root of the branch where no folder is named', async () => {
  await using prod = await startMirroredSite();
  const { site, mirror } = prod;
  await site.configure({ mirrors: [{ ...mirror, output: '.' }] });
  const [app = '', web = ''] = await prod.fill('team/app:1.0', 'team/web:1.0');
  await site.git.commit('manifests', { 'docs/README.md': 'ours\n' });
  await site.git.commit('main', { 'base.yaml': imageSet([app]) });
  await site.pass();
  await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });

  expect((await site.pass()).first.state).toBe('Applied');

  expect((await site.lock('')).images).toHaveLength(2);
  expect(await site.manifest('docs/README.md')).toBe('ours\n');
  expect((await site.commits()).map(({ message }) => message.split('\n')[0])).toEqual([
    expect.stringContaining('mirror(prod): 1 image added') as string,
    expect.stringContaining('mirror(prod): 1 image added') as string,
    'Change files',
  ]);
});

it('names the rule of a protected branch, and leaves the branch and its own state as they were', async () => {
  await using prod = await startMirroredSite();
  const { site } = prod;
  const [app = ''] = await prod.fill('team/app:1.0');
  await site.git.commit('main', { 'base.yaml': imageSet([app]) });
  await writeHook(
    site.git,
    'pre-receive',
    'echo "GH006: Protected branch update failed" >&2; exit 1',
  );

  const ran = await site.run(['run', '--once']);

  expect(ran.code).toBe(1);
  expect(ran.stdout).toMatch(
    /^prod: failed\n {2}error: .*\n {2}GH006: Protected branch update failed\n {2}hint: /,
  );
  expect(await site.git.git(['for-each-ref', 'refs/heads/manifests'])).toBe('');

  // What was copied is found again once the push is allowed.
  await writeHook(site.git, 'pre-receive', 'exit 0');
  expect(await site.pass()).toMatchObject({ code: 0, first: { state: 'Applied', bytesSent: 0 } });
});

it.each([
  {
    name: 'a repository that is not there',
    url: '/nowhere/sets.git',
    says: /\/nowhere\/sets\.git/,
  },
  {
    name: 'a server that is not there',
    url: 'https://127.0.0.1:9/sets.git',
    says: /127\.0\.0\.1:9/,
  },
])('names $name, and what to do', async ({ url, says }) => {
  await using prod = await startMirroredSite();
  await prod.site.configure({ mirrors: [prod.mirror], source: { url } });

  const ran = await prod.site.run(['run', '--once']);

  expect(ran).toMatchObject({ code: 1, stdout: '' });
  expect(ran.stderr).toMatch(/^error: /);
  expect(ran.stderr).toMatch(says);
  expect(ran.stderr).toMatch(/^hint: \S/m);
});

it('names a source branch that is not there', async () => {
  await using prod = await startMirroredSite();
  await prod.site.git.commit('trunk', { 'base.yaml': imageSet([]) });

  const ran = await prod.site.run(['run', '--once']);

  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain('has no branch main');
});

it('reads a source branch that was rewritten as it is now', async () => {
  await using prod = await startMirroredSite();
  const { site } = prod;
  const [app = '', web = ''] = await prod.fill('team/app:1.0', 'team/web:1.0');
  await site.git.commit('main', { 'base.yaml': imageSet([app]) });
  await site.pass();
  const rewritten = await site.git.commit(
    'main',
    { 'base.yaml': imageSet([app, web]) },
    { parent: null, message: 'Start again' },
  );

  const pass = await site.pass();

  expect(pass.first).toMatchObject({ state: 'Applied', sourceCommit: rewritten });
  expect((await site.lock('prod')).source).toEqual({ commit: rewritten, branch: 'main' });
  expect((await site.lock('prod')).images).toHaveLength(2);
});

it('adds everything at another destination, and touches nothing at the old one', async () => {
  await using prod = await startMirroredSite({ deletion: { policy: 'prune' } });
  await using other = await startEmbeddedRegistry();
  const { site, mirror } = prod;
  const [app = '', web = ''] = await prod.fill('team/app:1.0', 'team/web:1.0');
  await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });
  await site.pass();
  const before = (await prod.destination.requests()).length;
  await site.git.commit('main', { 'base.yaml': imageSet([app]) });
  await site.configure({ mirrors: [{ ...mirror, destination: `docker://${other.host}/new` }] });

  const pass = await site.pass();

  expect(pass.first).toMatchObject({ state: 'Applied', deleted: 0, held: [] });
  const lock = await site.lock('prod');
  expect(lock.destination).toBe(`${other.host}/new`);
  expect(lock.images.map(({ destination }) => destination)).toEqual(['team/app:1.0']);
  expect((await prod.destination.requests()).length).toBe(before);
  expect(await site.manifest('prod/resources/itms-oc-mirror.yaml')).not.toContain(
    prod.destination.host,
  );
});

it.each([
  {
    name: 'markers of a merge',
    edit: (lock: string) => `<<<<<<< HEAD\n${lock}=======\n${lock}>>>>>>> other\n`,
    says: /imageset\.lock:1\b/,
  },
  {
    name: 'a line that somebody edited',
    edit: (lock: string) => lock.replace('sha256:', 'sha256:x'),
    says: /imageset\.lock:\d+/,
  },
  {
    name: 'a newer version',
    edit: (lock: string) => lock.replace('version: 1', 'version: 2'),
    says: /newer imageset/,
  },
])('stalls on a lock with $name, and changes nothing', async ({ edit, says }) => {
  await using prod = await startMirroredSite();
  const { site } = prod;
  const [app = '', web = ''] = await prod.fill('team/app:1.0', 'team/web:1.0');
  await site.git.commit('main', { 'base.yaml': imageSet([app]) });
  await site.pass();
  const good = (await site.manifest('prod/imageset.lock')) ?? '';
  const wrong = await site.git.commit('manifests', { 'prod/imageset.lock': edit(good) });
  await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });
  const before = await prod.requestCount();

  const ran = await site.run(['run', '--once']);

  expect(ran.code).toBe(4);
  expect(ran.stdout).toMatch(/^prod: Stalled .*: nothing was changed\n {2}error: /);
  expect(ran.stdout).toMatch(says);
  expect(ran.stdout).toMatch(/^ {2}hint: \S/m);
  expect(await site.git.git(['rev-parse', 'manifests'])).toBe(wrong);
  expect(await prod.requestCount()).toBe(before);

  await site.git.commit('manifests', { 'prod/imageset.lock': good });
  expect((await site.pass()).first.state).toBe('Applied');
});
