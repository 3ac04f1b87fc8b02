import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeGitRepository, type GitFixture } from '../../test/support/git-fixture.ts';
import { hasProgram } from '../../test/support/run-program.ts';
import { temporaryFolder, type TemporaryFolder } from '../../test/support/temporary-folder.ts';
import { commitFiles, type CommitResult } from './commit-files.ts';
import { listFiles } from './list-files.ts';
import { openObjectStore, type ObjectStore } from './object-store.ts';

const OWNED = ['kustomization.yaml', 'resources/', 'install/', 'imageset.lock'];
const SUBMODULE = 'c'.repeat(40);
const signal = AbortSignal.timeout(60_000);

describe.skipIf(!hasProgram('git'))('commitFiles', () => {
  let folder: TemporaryFolder;
  let fixture: GitFixture;
  let objects: ObjectStore;
  beforeAll(async () => {
    folder = await temporaryFolder();
    fixture = await makeGitRepository(join(folder.path, 'x.git'));
    objects = openObjectStore(fixture.folder, () => undefined);
  });
  afterAll(async () => {
    await folder[Symbol.asyncDispose]();
  });

  function commit(
    parent: string | undefined,
    path: string,
    files: Record<string, string>,
  ): Promise<CommitResult> {
    return commitFiles(objects, {
      parent,
      folders: [{ path, owned: OWNED, files: new Map(Object.entries(files)) }],
      message: 'mirror(prod): resources updated\n',
      author: { name: 'imageset-controller', email: 'c@localhost' },
      time: new Date('2024-05-06T07:08:09Z'),
    });
  }

  async function listing(commit: string | undefined): Promise<string[]> {
    return (await fixture.git(['ls-tree', '-r', commit ?? ''])).split('\n');
  }

  it('writes no file that is there already', async () => {
    const written: string[] = [];
    const watched: ObjectStore = {
      ...objects,
      writeBlob(content) {
        written.push(Buffer.from(content).toString('utf8'));
        return objects.writeBlob(content);
      },
    };
    const parent = await fixture.commit('same', {
      'prod/imageset.lock': 'large',
      'prod/resources/deep/er.yaml': 'same',
    });
    const files = { 'imageset.lock': 'large', 'resources/deep/er.yaml': 'same' };
    const make = (texts: Record<string, string>): Promise<CommitResult> =>
      commitFiles(watched, {
        parent,
        folders: [{ path: 'prod', owned: OWNED, files: new Map(Object.entries(texts)) }],
        message: 'm\n',
        author: { name: 'a', email: 'a@localhost' },
        time: new Date('2024-05-06T07:08:09Z'),
      });

    expect(await make(files)).toEqual({ kind: 'unchanged', commit: parent });
    expect(written).toEqual([]);

    const changed = await make({ ...files, 'resources/new.yaml': 'new' });
    expect(written).toEqual(['new']);
    expect((await listing(changed.commit)).map((line) => line.split('\t')[1])).toEqual([
      'prod/imageset.lock',
      'prod/resources/deep/er.yaml',
      'prod/resources/new.yaml',
    ]);
  });

  it('replaces what is owned and nothing else', async () => {
    const parent = await fixture.commit('one', {
      'README.md': 'hello',
      'run.sh': { kind: 'executable', text: '#!/bin/sh' },
      link: { kind: 'symlink', target: '../x' },
      'vendor/module': { kind: 'submodule', commit: SUBMODULE },
      'clusters/prod/notes.md': 'ours',
      'clusters/prod/resources/old.yaml': 'old',
      'clusters/prod/resources/deep/er.yaml': 'old',
      'clusters/prod/install/old.yaml': 'old',
      'clusters/prod/imageset.lock': 'old',
      'clusters/test/imageset.lock': 'other',
    });
    const result = await commit(parent, 'clusters/prod', {
      'imageset.lock': 'new',
      'kustomization.yaml': 'k',
      'resources/a.yaml': 'a',
    });
    const before = await listing(parent);
    const after = await listing(result.commit);
    const isOurs = (line: string): boolean =>
      /\tclusters\/prod\/(?:kustomization|resources|install|imageset)/.test(line);
    expect(after.filter((line) => !isOurs(line))).toEqual(before.filter((line) => !isOurs(line)));
    expect(after.filter(isOurs).map((line) => line.split('\t')[1])).toEqual([
      'clusters/prod/imageset.lock',
      'clusters/prod/kustomization.yaml',
      'clusters/prod/resources/a.yaml',
    ]);
    expect(await fixture.git(['show', `${result.commit ?? ''}:clusters/prod/imageset.lock`])).toBe(
      'new',
    );
    expect(await fixture.git(['log', '-1', '--format=%P|%an|%ct|%s', result.commit ?? ''])).toBe(
      `${parent}|imageset-controller|1714979289|mirror(prod): resources updated`,
    );
    await fixture.git(['fsck', '--strict']);
  });

  it('writes to the root, and without a parent', async () => {
    const { commit: id } = await commit(undefined, '.', {
      'resources/a/b.yaml': 'x',
      'imageset.lock': 'l',
    });
    expect((await listing(id)).map((line) => line.split('\t')[1])).toEqual([
      'imageset.lock',
      'resources/a/b.yaml',
    ]);
    expect(await fixture.git(['log', '-1', '--format=%P', id ?? ''])).toBe('');
  });

  it('makes no commit where nothing changes, and the same commit from the same input', async () => {
    const first = await commit(undefined, 'a/b', { 'imageset.lock': 'l' });
    expect(await commit(first.commit, 'a/b', { 'imageset.lock': 'l' })).toEqual({
      kind: 'unchanged',
      commit: first.commit,
    });
    expect(await commit(undefined, 'a/b', { 'imageset.lock': 'l' })).toEqual(first);
    expect(await commit(undefined, 'a/b', {})).toEqual({ kind: 'unchanged', commit: undefined });
  });

  it('leaves no empty folders', async () => {
    const parent = await fixture.commit('two', { 'a/b/resources/x.yaml': 'x', other: 'o' });
    const { commit: id } = await commit(parent, 'a/b', {});
    expect((await listing(id)).map((line) => line.split('\t')[1])).toEqual(['other']);
  });

  it.each([
    { name: 'a file for the folder', files: { clusters: 'file' } },
    {
      name: 'a symlink for the folder',
      files: { clusters: { kind: 'symlink', target: '/etc' } as const },
    },
    {
      name: 'a submodule for the folder',
      files: { 'clusters/prod': { kind: 'submodule', commit: SUBMODULE } as const },
    },
    {
      name: 'a symlink for resources',
      files: { 'clusters/prod/resources': { kind: 'symlink', target: '..' } as const },
    },
    { name: 'a folder for the lock', files: { 'clusters/prod/imageset.lock/x': 'x' } },
  ])('refuses $name', async ({ files }) => {
    const parent = await fixture.commit('refused', files, { keep: false });
    await expect(commit(parent, 'clusters/prod', { 'imageset.lock': 'l' })).rejects.toMatchObject({
      code: 'GIT_INVALID',
    });
  });

  it('refuses to leave the repository', async () => {
    await expect(commit(undefined, '../x', {})).rejects.toMatchObject({ code: 'GIT_INVALID' });
    await expect(commit(undefined, 'x', { 'resources/../../y': '' })).rejects.toThrow();
    await expect(commit(undefined, 'x', { 'notes.md': '' })).rejects.toThrow(RangeError);
  });

  it('lists files to any depth, and tells symlinks and submodules without following them', async () => {
    const id = await fixture.commit('list', {
      'sets/a.yaml': 'a',
      'sets/deep/b.yaml': 'b',
      'sets/link': { kind: 'symlink', target: '../secret' },
      'sets/module': { kind: 'submodule', commit: SUBMODULE },
      other: 'x',
    });
    const { tree } = await objects.readCommit(id);
    const list = (path: string, max = 100): ReturnType<typeof listFiles> =>
      listFiles(objects, tree, path, max, signal);
    expect((await list('sets'))?.map(({ path, kind }) => `${path} ${kind}`)).toEqual([
      'sets/a.yaml file',
      'sets/deep/b.yaml file',
      'sets/link symlink',
      'sets/module submodule',
    ]);
    expect((await list('sets/deep/b.yaml'))?.map(({ path }) => path)).toEqual(['sets/deep/b.yaml']);
    expect(await list('sets/link/x')).toBeUndefined();
    expect(await list('absent')).toBeUndefined();
    expect(await list('.')).toHaveLength(5);
    await expect(list('.', 3)).rejects.toMatchObject({ code: 'GIT_INVALID' });
  });
});
