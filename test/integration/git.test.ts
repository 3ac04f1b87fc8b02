import { once } from 'node:events';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import type { ControllerError } from '../../src/base/controller-error.ts';
import type { GitRemote } from '../../src/git/git-remote.ts';
import {
  openGitRepository,
  type GitRepository,
  type GitRepositoryOptions,
} from '../../src/git/git-repository.ts';
import { ISOLATED_GIT, makeGitRepository, type GitFixture } from '../support/git-fixture.ts';
import {
  canServeGitHttps,
  startGitHttpsServer,
  type GitHttpsServer,
} from '../support/git-https-server.ts';
import { canServeGitSsh, startGitSshServer, type GitSshServer } from '../support/git-ssh-server.ts';
import { hasProgram } from '../support/run-program.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const signal = AbortSignal.timeout(300_000);
const TIME = new Date('2024-05-06T07:08:09Z');
const AUTHOR = { name: 'imageset-controller', email: 'imageset-controller@localhost' };
const FILES = {
  'imagesets/prod/base.yaml': 'kind: ImageSetConfiguration\n',
  'README.md': 'Image sets\n',
};

let folder: TemporaryFolder;
let copies = 0;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

async function open(
  remote: GitRemote,
  options: Partial<GitRepositoryOptions> = {},
): Promise<GitRepository> {
  copies += 1;
  const environment = { ...process.env, ...ISOLATED_GIT, HOME: folder.path };
  return openGitRepository(
    {
      folder: join(folder.path, `copy-${copies}.git`),
      remote,
      environment,
      log: silentLog,
      ...options,
    },
    signal,
  );
}

/** Commits one generated file on top of a head and pushes it. */
async function publish(
  repository: GitRepository,
  parent: string | undefined,
  text: string,
): Promise<{ commit: string; outcome: 'pushed' | 'rejected' }> {
  const result = await repository.commitFiles({
    parent,
    folders: [
      {
        path: 'clusters/prod',
        owned: ['imageset.lock'],
        files: new Map([['imageset.lock', text]]),
      },
    ],
    message: 'mirror(prod): resources updated\n',
    author: AUTHOR,
    time: TIME,
  });
  const commit = result.commit ?? '';
  return { commit, outcome: await repository.push('manifests', commit, parent, signal) };
}

async function failure(work: Promise<unknown>): Promise<ControllerError> {
  return work.then(
    () => Promise.reject(new Error('it succeeded')),
    (error: unknown) => error as ControllerError,
  );
}

describe.skipIf(!hasProgram('git'))('a repository of this machine', () => {
  let fixture: GitFixture;
  beforeAll(async () => {
    fixture = await makeGitRepository(join(folder.path, 'origin.git'));
    await fixture.commit('main', FILES);
  });

  it('is looked up, fetched shallow and read', async () => {
    const head = await fixture.commit('main', { 'notes.txt': 'x' }, { message: 'Add notes' });
    const repository = await open({ url: fixture.url });
    const heads = await repository.lookUp(['main', 'manifests'], signal);
    expect([...heads]).toEqual([
      ['main', head],
      ['manifests', undefined],
    ]);
    expect(await repository.fetchBranch('main', { shallow: true }, signal)).toBe(head);
    expect(await repository.readCommit(head)).toMatchObject({ id: head, subject: 'Add notes' });
    const listed = await repository.listFiles(head, 'imagesets', signal);
    expect(listed?.map(({ path }) => path)).toEqual(['imagesets/prod/base.yaml']);
    const file = await repository.readFile(head, 'imagesets/prod/base.yaml', 1000, signal);
    expect(file.kind === 'file' && Buffer.from(file.content).toString()).toBe(
      FILES['imagesets/prod/base.yaml'],
    );
  });

  it('tells the size of a large file without reading it', async () => {
    const head = await fixture.commit('large', { 'large.yaml': 'x'.repeat(5000) }, { keep: false });
    const repository = await open({ url: fixture.url });
    await repository.fetchBranch('large', { shallow: true }, signal);
    expect(await repository.readFile(head, 'large.yaml', 4999, signal)).toMatchObject({
      kind: 'too-large',
      bytes: 5000,
    });
  });

  it('follows a source branch whose history was rewritten', async () => {
    const repository = await open({ url: fixture.url });
    await fixture.commit('rewritten', { a: '1' }, { keep: false });
    await repository.fetchBranch('rewritten', { shallow: true }, signal);
    const head = await fixture.commit('rewritten', { a: '2' }, { keep: false, parent: null });
    expect(await repository.fetchBranch('rewritten', { shallow: true }, signal)).toBe(head);
  });

  it('fetches a branch below one that had its name before', async () => {
    const repository = await open({ url: fixture.url });
    await fixture.commit('team', { a: '1' }, { keep: false });
    await repository.fetchBranch('team', { shallow: true }, signal);
    await fixture.git(['branch', '-D', 'team']);
    const head = await fixture.commit('team/a', { a: '2' }, { keep: false });
    expect(await repository.fetchBranch('team/a', { shallow: true }, signal)).toBe(head);
  });

  it('publishes a branch from nothing, and notices that somebody was faster', async () => {
    const first = await open({ url: fixture.url });
    const second = await open({ url: fixture.url });
    const one = await publish(first, undefined, 'one\n');
    expect(one.outcome).toBe('pushed');
    expect(await publish(second, undefined, 'other\n')).toMatchObject({ outcome: 'rejected' });
    expect(await second.fetchBranch('manifests', { shallow: false }, signal)).toBe(one.commit);
    const two = await publish(second, one.commit, 'two\n');
    expect(two.outcome).toBe('pushed');
    expect(await publish(first, one.commit, 'three\n')).toMatchObject({ outcome: 'rejected' });
    expect(await fixture.git(['rev-parse', 'refs/heads/manifests'])).toBe(two.commit);
    await fixture.git(['fsck', '--strict']);
  });

  it('does not bring back commits that somebody took off the branch', async () => {
    const repository = await open({ url: fixture.url });
    const base = await fixture.commit('manifests', { other: '1' });
    const head = await fixture.commit('manifests', { other: '2' });
    await repository.fetchBranch('manifests', { shallow: false }, signal);
    await fixture.git(['update-ref', 'refs/heads/manifests', base]);
    expect(await publish(repository, head, 'new\n')).toMatchObject({ outcome: 'rejected' });
    expect(await fixture.git(['rev-parse', 'refs/heads/manifests'])).toBe(base);
  });

  it('reports what a hook of the server says', async () => {
    const guarded = await makeGitRepository(join(folder.path, 'guarded.git'));
    const hook = join(guarded.folder, 'hooks', 'pre-receive');
    await writeFile(hook, '#!/bin/sh\necho "manifests is a protected branch" >&2\nexit 1\n');
    await chmod(hook, 0o755);
    const repository = await open({ url: guarded.url });
    const error = await failure(publish(repository, undefined, 'one\n'));
    expect(error.code).toBe('GIT_REJECTED');
    expect(error.message).toContain('manifests is a protected branch');
    expect(error.hint).toContain('protection');
  });

  it('reads the history of the manifests branch, also beside a shallow source', async () => {
    const times = [1, 2, 3, 4].map((day) => new Date(Date.UTC(2024, 0, day)));
    const texts = ['a', 'a b', 'a b', 'a b c'];
    const commits: string[] = [];
    for (const [index, text] of texts.entries()) {
      const options = { time: times[index] ?? TIME };
      const files = { lock: text, other: String(index) };
      commits.push(await fixture.commit('history', files, { ...options, keep: false }));
    }
    const head = commits[3] ?? '';
    const repository = await open({ url: fixture.url });
    // Shallow first, as somebody's setting once said: the history has to come nevertheless.
    await repository.fetchBranch('history', { shallow: true }, signal);
    await repository.fetchBranch('history', { shallow: false }, signal);
    const all = await Array.fromAsync(repository.history(head, undefined, signal));
    expect(all.map(({ id }) => id)).toEqual(commits.toReversed());
    const changes = await Array.fromAsync(repository.history(head, 'lock', signal));
    expect(changes.map(({ id }) => id)).toEqual([commits[3], commits[1], commits[0]]);
    const first = await repository.findFirstCommitWith(
      head,
      'lock',
      (t) => t.includes('b'),
      signal,
    );
    expect(first?.id).toBe(commits[1]);
    expect(first?.committer.time).toEqual(times[1]);
    // It was there before, and gone in between: the last time counts.
    const isBack = (text: string): boolean => !text.endsWith('b');
    const again = await repository.findFirstCommitWith(head, 'lock', isBack, signal);
    expect(again?.id).toBe(head);
    expect(
      await repository.findFirstCommitWith(head, 'lock', (t) => t.includes('z'), signal),
    ).toBeUndefined();
  });

  it('finds a branch, a tag, a full ref and a commit', async () => {
    const old = await fixture.commit('revisions', { a: '1' }, { keep: false });
    const head = await fixture.commit('revisions', { a: '2' });
    await fixture.git(['tag', '-a', '-m', 'x', 'v1', old]);
    await fixture.git(['update-ref', 'refs/pull/7/head', old]);
    const revisions = ['revisions', 'v1', 'refs/pull/7/head', old, old.slice(0, 10)];
    for (const revision of revisions) {
      const repository = await open({ url: fixture.url });
      const commit = await repository.fetchRevision(revision, signal);
      expect([revision, commit]).toEqual([revision, revision === 'revisions' ? head : old]);
      expect((await repository.readFile(commit, 'a', 10, signal)).kind).toBe('file');
    }
    const repository = await open({ url: fixture.url });
    for (const revision of ['nothing', 'f'.repeat(40), '--upload-pack=x']) {
      const error = await failure(repository.fetchRevision(revision, signal));
      expect([revision, error.code]).toEqual([revision, 'GIT_NOT_FOUND']);
    }
  });

  it('makes a damaged copy again', async () => {
    const head = await fixture.commit('damage', { a: '1' }, { keep: false });
    const copy = join(folder.path, 'damaged.git');
    const repository = await open({ url: fixture.url }, { folder: copy });
    await repository.fetchBranch('damage', { shallow: true }, signal);
    const object = join(copy, 'objects', head.slice(0, 2), head.slice(2));
    await chmod(object, 0o644);
    await writeFile(object, '');
    expect((await failure(repository.readCommit(head))).code).toBe('GIT_INVALID');
    expect(await repository.fetchBranch('damage', { shallow: true }, signal)).toBe(head);
    expect((await repository.readCommit(head)).id).toBe(head);
    await writeFile(join(copy, 'config'), '[core');
    const again = await open({ url: fixture.url }, { folder: copy });
    expect(await again.fetchBranch('damage', { shallow: true }, signal)).toBe(head);
  });

  it.each([
    { url: '/nowhere/at-all.git', code: 'GIT_NOT_FOUND' },
    { url: 'https://127.0.0.1:1/x.git', code: 'GIT_UNREACHABLE' },
    { url: 'ssh://git@127.0.0.1:1/x.git', code: 'GIT_UNREACHABLE' },
  ])('says that $url cannot be looked up with $code', async ({ url, code }) => {
    const repository = await open({ url });
    expect((await failure(repository.lookUp(['main'], signal))).code).toBe(code);
  });

  it('says which branch is missing', async () => {
    const repository = await open({ url: fixture.url });
    const error = await failure(repository.fetchBranch('absent', { shallow: true }, signal));
    expect(error.code).toBe('GIT_NOT_FOUND');
    expect(error.message).toContain('absent');
  });

  it('carries on where somebody removed the copy', async () => {
    const copy = join(folder.path, 'removed.git');
    const repository = await open({ url: fixture.url }, { folder: copy });
    await rm(copy, { recursive: true });
    expect((await repository.lookUp(['main'], signal)).get('main')).toBeDefined();
    await rm(copy, { recursive: true });
    expect(await repository.fetchBranch('main', { shallow: true }, signal)).toMatch(
      /^[0-9a-f]{40}$/,
    );
  });

  it.each([
    { scheme: 'https', end: 'abort' },
    { scheme: 'https', end: 'timeout' },
    { scheme: 'ssh', end: 'abort' },
    { scheme: 'ssh', end: 'timeout' },
  ])('leaves a silent $scheme server at an $end, with all programs', async ({ scheme, end }) => {
    const silent = createServer();
    const accepted = once(silent, 'connection') as Promise<[Socket]>;
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const idleMs = end === 'timeout' ? 2000 : 60_000;
    const repository = await open(
      { url: `${scheme}://git@127.0.0.1:${port}/x.git`, knownHostsFile: '/dev/null' },
      { timeouts: { idleMs } },
    );
    const stop = new AbortController();
    const failed = failure(repository.lookUp(['main'], stop.signal));
    const [socket] = await accepted;
    socket.on('error', () => undefined).resume();
    // Closed only when the last program that holds the connection is gone.
    const closed = once(socket, 'close');
    const reason = new Error('enough');
    if (end === 'abort') stop.abort(reason);
    const error = await failed;
    await closed;
    silent.close();
    if (end === 'abort') expect(error).toBe(reason);
    else expect(error.code).toBe('GIT_UNREACHABLE');
  });

  it('needs git for a repository of this machine', async () => {
    const error = await failure(open({ url: fixture.url }, { program: '/nowhere/git' }));
    expect(error.code).toBe('GIT_INVALID');
  });
});

describe.skipIf(!canServeGitHttps)('a server over https (nginx with git http-backend)', () => {
  let server: GitHttpsServer;
  let fixture: GitFixture;
  let tokenFile: string;
  let remote: GitRemote;
  beforeAll(async () => {
    server = await startGitHttpsServer();
    fixture = await server.makeRepository('team/imagesets.git');
    await fixture.commit('main', FILES);
    tokenFile = join(folder.path, 'token');
    await writeFile(tokenFile, `${server.token}\n`);
    remote = {
      url: `${server.url}/team/imagesets.git`,
      username: server.username,
      tokenFile,
      caFile: server.caFile,
    };
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  // '/nowhere/git': no git program, so isomorphic-git speaks HTTP.
  describe.each(['git', '/nowhere/git'])('with the program %s', (program) => {
    it('reads the source and publishes to the same repository', async () => {
      await fixture.git(['update-ref', '-d', 'refs/heads/manifests']);
      const head = await fixture.commit('main', { 'notes.txt': program });
      const repository = await open(remote, { program });
      expect(await repository.fetchBranch('main', { shallow: true }, signal)).toBe(head);
      expect(await repository.listFiles(head, '.', signal)).toHaveLength(3);
      const file = await repository.readFile(head, 'README.md', 4, signal);
      expect(file).toMatchObject({ kind: 'too-large', bytes: 11 });
      const one = await publish(repository, undefined, 'one\n');
      expect(one.outcome).toBe('pushed');
      const two = await publish(repository, one.commit, 'two\n');
      expect(two.outcome).toBe('pushed');
      expect(await publish(repository, one.commit, 'three\n')).toMatchObject({
        outcome: 'rejected',
      });
      expect(await fixture.git(['show', 'manifests:clusters/prod/imageset.lock'])).toBe('two');
      const heads = await repository.lookUp(['main', 'manifests', 'none'], signal);
      expect([...heads.values()]).toEqual([head, two.commit, undefined]);
      await fixture.git(['update-ref', 'refs/heads/manifests', one.commit]);
      expect(await publish(repository, two.commit, 'four\n')).toMatchObject({
        outcome: 'rejected',
      });
      expect(await fixture.git(['rev-parse', 'manifests'])).toBe(one.commit);
      await fixture.git(['fsck', '--strict']);
    });

    it('publishes to a second repository', async () => {
      const name = `team/manifests-${program.length}.git`;
      const manifests = await server.makeRepository(name);
      const repository = await open({ ...remote, url: `${server.url}/${name}` }, { program });
      expect(await repository.lookUp(['manifests'], signal)).toEqual(
        new Map([['manifests', undefined]]),
      );
      const { commit, outcome } = await publish(repository, undefined, 'one\n');
      expect(outcome).toBe('pushed');
      expect(await manifests.git(['rev-parse', 'manifests'])).toBe(commit);
    });

    it('says that the token is wrong, without showing it', async () => {
      const file = join(folder.path, 'wrong-token');
      await writeFile(file, 'wr0ng-s3cret');
      const repository = await open({ ...remote, tokenFile: file }, { program });
      const error = await failure(repository.lookUp(['main'], signal));
      expect(error.code).toBe('GIT_UNAUTHORIZED');
      expect(`${error.message} ${JSON.stringify(error)}`).not.toContain('wr0ng-s3cret');
    });

    it('says that credentials are missing', async () => {
      const repository = await open({ ...remote, tokenFile: undefined }, { program });
      const error = await failure(repository.lookUp(['main'], signal));
      expect(error.code).toBe('GIT_UNAUTHORIZED');
    });

    it('does not trust a certificate of an unknown authority', async () => {
      const repository = await open({ ...remote, caFile: undefined }, { program });
      const error = await failure(repository.lookUp(['main'], signal));
      expect(error.code).toBe('GIT_UNTRUSTED');
      expect(error.hint).toContain('caFile');
    });

    it('says that there is no such repository', async () => {
      const repository = await open({ ...remote, url: `${server.url}/none.git` }, { program });
      const error = await failure(repository.fetchBranch('main', { shallow: true }, signal));
      expect(error.code).toBe('GIT_NOT_FOUND');
    });

    it('reports what a hook of the server says', async () => {
      const name = `team/guarded-${program.length}.git`;
      const guarded = await server.makeRepository(name);
      const hook = join(guarded.folder, 'hooks', 'pre-receive');
      await writeFile(
        hook,
        '#!/bin/sh\necho "GH006: Protected branch update failed" >&2\nexit 1\n',
      );
      await chmod(hook, 0o755);
      const repository = await open({ ...remote, url: `${server.url}/${name}` }, { program });
      const error = await failure(publish(repository, undefined, 'one\n'));
      expect(error.code).toBe('GIT_REJECTED');
      expect(error.message).toContain('GH006');
    });
  });

  it('asks once for all branches of one repository', async () => {
    const repository = await open(remote);
    const before = await server.acceptedRequests();
    await repository.lookUp(['main', 'manifests'], signal);
    const requests = (await server.acceptedRequests()).slice(before.length);
    const lookUps = requests.filter((request) => request.includes('/info/refs'));
    expect(lookUps).toHaveLength(1);
  });

  it('fetches a commit that is no head any more by its id', async () => {
    const old = await fixture.commit('by-id', { a: '1' }, { keep: false });
    await fixture.commit('by-id', { a: '2' });
    const repository = await open(remote);
    expect(await repository.fetchRevision(old, signal)).toBe(old);
  });
});

describe.skipIf(!canServeGitSsh)('a server over ssh (sshd)', () => {
  let server: GitSshServer;
  let fixture: GitFixture;
  let remote: GitRemote;
  beforeAll(async () => {
    server = await startGitSshServer();
    fixture = await server.makeRepository('imagesets.git');
    await fixture.commit('main', FILES);
    remote = {
      url: `${server.url}${fixture.folder}`,
      sshKeyFile: server.keyFile,
      knownHostsFile: server.knownHostsFile,
    };
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it('reads and publishes with the key', async () => {
    const repository = await open(remote);
    const heads = await repository.lookUp(['main', 'manifests'], signal);
    const head = await repository.fetchBranch('main', { shallow: true }, signal);
    expect(heads.get('main')).toBe(head);
    const { commit, outcome } = await publish(repository, undefined, 'one\n');
    expect(outcome).toBe('pushed');
    expect(await fixture.git(['rev-parse', 'manifests'])).toBe(commit);
  });

  it('says that the host key is not known', async () => {
    const knownHostsFile = join(folder.path, 'empty-known-hosts');
    await writeFile(knownHostsFile, '');
    const repository = await open({ ...remote, knownHostsFile });
    const error = await failure(repository.lookUp(['main'], signal));
    expect(error.code).toBe('GIT_UNTRUSTED');
    expect(error.hint).toContain('ssh-keyscan');
  });

  it('says that the host key has changed', async () => {
    const repository = await open({ ...remote, knownHostsFile: server.changedKnownHostsFile });
    const error = await failure(repository.lookUp(['main'], signal));
    expect(error.code).toBe('GIT_UNTRUSTED');
    expect(error.message).toContain('is not the known one');
  });

  it('says that the key is not accepted', async () => {
    const repository = await open({ ...remote, sshKeyFile: server.otherKeyFile });
    const error = await failure(repository.lookUp(['main'], signal));
    expect(error.code).toBe('GIT_UNAUTHORIZED');
  });

  it('says that there is no such repository', async () => {
    const repository = await open({ ...remote, url: `${server.url}/nowhere.git` });
    const error = await failure(repository.lookUp(['main'], signal));
    expect(error.code).toBe('GIT_NOT_FOUND');
  });
});
