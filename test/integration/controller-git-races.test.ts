import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeHook } from '../support/git-hook.ts';
import { startMirroredSite } from '../support/mirrored-site.ts';
import { type Site, deleteSet, imageSet } from '../support/site.ts';

/**
 * Moves the manifests branch to a commit when the controller pushes for the n-th time: just before its push is
 * taken, which then is refused, or just after.
 */
async function moveBranch(
  { git, folder }: Site,
  when: 'pre-receive' | 'post-receive',
  moves: Readonly<Record<number, string>>,
): Promise<void> {
  const counter = join(folder, `${when}-count`);
  await writeFile(counter, '');
  const cases = Object.entries(moves).map(
    ([push, commit]) => `${push}) git update-ref refs/heads/manifests ${commit} ;;`,
  );
  // What a push brings is kept apart until it is taken, and nothing else may be written from there.
  const script = `
unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
echo >> '${counter}'
case $(wc -l < '${counter}') in
${cases.join('\n')}
esac`;
  await writeHook(git, when, script);
}

/** A commit on top of the manifests branch that nobody has pushed there yet. */
async function preparedCommit(
  { git }: Site,
  files: Readonly<Record<string, string | undefined>>,
  onTopOf = 'refs/heads/manifests',
): Promise<string> {
  const parent = await git.git(['rev-parse', onTopOf]);
  return git.commit('prepared', files, { parent, keep: true, message: 'Somebody was faster' });
}

it('puts its commit on top of what somebody pushed meanwhile, without force', async () => {
  await using prod = await startMirroredSite();
  const { site } = prod;
  const [app = '', web = ''] = await prod.fill('team/app:1.0', 'team/web:1.0');
  await site.git.commit('main', { 'base.yaml': imageSet([app]) });
  await site.pass();
  const first = await preparedCommit(site, { 'README.md': 'one\n' });
  const second = await preparedCommit(site, { 'README.md': 'two\n' }, first);
  await moveBranch(site, 'pre-receive', { 1: first, 2: second });
  await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });

  const pass = await site.pass();

  expect(pass).toMatchObject({ code: 0, first: { state: 'Applied' } });
  const ids = (await site.commits()).map(({ id }) => id);
  expect(ids.slice(0, 3)).toEqual([pass.first.commits[0], second, first]);
  expect(await site.manifest('README.md')).toBe('two\n');
  expect((await site.lock('prod')).images).toHaveLength(2);
  // Nothing was planned or copied twice.
  // Nothing was planned again, and nothing was read twice.
  expect(pass.stderr).not.toContain('planning again');
  const read = (await prod.source.requests()).filter(
    ({ method, path }) => method === 'GET' && path.includes('/team/web/blobs/'),
  );
  expect(new Set(read.map(({ path }) => path)).size).toBe(read.length);
});

it('plans again when the lock of its own folder changed meanwhile', async () => {
  await using prod = await startMirroredSite();
  const { site } = prod;
  const [app = '', web = '', other = ''] = await prod.fill(
    ...['team/app:1.0', 'team/web:1.0', 'team/other:1.0'],
  );
  await site.git.commit('main', { 'base.yaml': imageSet([app, other]) });
  await site.pass();
  const withOther = (await site.manifest('prod/imageset.lock')) ?? '';
  await site.git.commit('main', { 'base.yaml': imageSet([app]) });
  await site.pass();
  // Another controller, which has not seen the last commit of the source, publishes what it wants.
  const racing = await preparedCommit(site, { 'prod/imageset.lock': withOther });
  await moveBranch(site, 'pre-receive', { 1: racing });
  await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });

  const pass = await site.pass();

  expect(pass).toMatchObject({ code: 0, first: { state: 'Applied' } });
  expect(pass.stderr).toContain('planning again');
  expect(await site.git.git(['rev-parse', 'manifests^'])).toBe(racing);
  expect(
    (await site.lock('prod')).images.map(({ destination, wantedBy }) => [destination, ...wantedBy]),
  ).toEqual([['team/app:1.0', 'base.yaml'], ['team/other:1.0'], ['team/web:1.0', 'base.yaml']]);
});

it('does not delete what another lock began to want after it was published', async () => {
  await using prod = await startMirroredSite();
  const { site } = prod;
  const [app = '', web = ''] = await prod.fill('team/app:1.0', 'team/web:1.0');
  await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });
  await site.pass();
  const wanting = (await site.manifest('prod/imageset.lock')) ?? '';
  await site.git.commit('main', { 'base.yaml': imageSet([app]), 'delete.yaml': deleteSet([web]) });
  // As the first commit of the pass will be, with the lock of a mirror that these settings do not know.
  const script = `
unset GIT_QUARANTINE_PATH
blob=$(git hash-object -w '${join(site.folder, 'wanting')}')
export GIT_INDEX_FILE='${join(site.folder, 'index')}'
git read-tree refs/heads/manifests
git update-index --add --cacheinfo 100644,$blob,us/imageset.lock
export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x
commit=$(git commit-tree $(git write-tree) -p refs/heads/manifests -m 'Another mirror')
git update-ref refs/heads/manifests $commit
rm hooks/post-receive`;
  await writeFile(join(site.folder, 'wanting'), wanting.replace('mirror: prod', 'mirror: us'));
  await writeHook(site.git, 'post-receive', script);

  const pass = await site.pass();

  expect(pass).toMatchObject({ code: 0, first: { deleted: 0 } });
  expect(pass.first.held).toMatchObject([
    { destination: 'team/web:1.0', why: 'still wanted by mirror us' },
  ]);
  expect(await prod.has('team/web:1.0')).toBeDefined();
  const deleted = (await prod.destination.requests()).filter(
    ({ method, path }) => method === 'DELETE' && path.includes('/manifests/'),
  );
  expect(deleted).toEqual([]);
});
