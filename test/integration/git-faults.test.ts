import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type GitFixture, makeGitRepository } from '../support/git-fixture.ts';
import { canServeGitHttps, startGitHttpsServer } from '../support/git-https-server.ts';
import { canServeGitSsh, startGitSshServer } from '../support/git-ssh-server.ts';
import { type MirroredSite, startMirroredSite } from '../support/mirrored-site.ts';
import { findProgram } from '../support/run-program.ts';
import { type Ran, imageSet } from '../support/site.ts';

const WAIT = { timeout: 60_000, interval: 50 };

describe.skipIf(!canServeGitSsh)('a Git server over ssh (skipped without sshd)', () => {
  it('that has another host key than before is not talked to, and the last good state stays', async () => {
    await using prod = await startMirroredSite();
    await using server = await startGitSshServer();
    const repository = await server.makeRepository('sets.git');
    const { keyFile: sshKeyFile, knownHostsFile, changedKnownHostsFile } = server;
    const url = `${server.url}${repository.folder}`;
    const source = { url, sshKeyFile, knownHostsFile };
    await prod.site.configure({ mirrors: [prod.mirror], source });
    await applied(prod, repository);
    const known = await readFile(knownHostsFile);

    await writeFile(knownHostsFile, await readFile(changedKnownHostsFile));
    const ran = await nothingDone(prod, repository);

    const lines = ran.stderr.trimEnd().split('\n');
    expect(lines[0]).toMatch(
      /^error: .* at ssh:.*: the ssh host key of the server is not the known/,
    );
    expect(lines.at(-1)).toMatch(
      /^hint: Ask whoever runs the server whether its key was changed\./,
    );
    // What ssh says, with the fingerprint, and without its frames.
    expect(ran.stderr).toMatch(/^SHA256:/m);
    expect(lines).toHaveLength(8);

    await writeFile(knownHostsFile, known);
    expect(await prod.site.pass()).toMatchObject({ code: 0, first: { state: 'Applied' } });
  });
});

describe.skipIf(!canServeGitHttps)(
  'a Git server over https (skipped without nginx, fcgiwrap)',
  () => {
    it('that refuses an expired token is used again with the next one, without a restart', async () => {
      await using prod = await startMirroredSite();
      await using server = await startGitHttpsServer();
      const repository = await server.makeRepository('sets.git');
      const { username, caFile } = server;
      const tokenFile = join(prod.site.folder, 'token');
      await writeFile(tokenFile, server.token);
      const source = { url: `${server.url}/sets.git`, username, tokenFile, caFile };
      await prod.site.configure({ mirrors: [prod.mirror], source });
      await applied(prod, repository);

      await server.setToken('the next one');
      const refused = await nothingDone(prod, repository);
      expect(refused.stderr).toMatch(/^error: .* the server does not accept the credentials$/m);
      expect(refused.stderr).toMatch(/^hint: Check that the token .* has not expired, /m);
      expect(refused.stderr).not.toContain(server.token);

      const stop = new AbortController();
      let wake: (() => void) | undefined;
      const onHangup = (request: () => void): Disposable => {
        wake = request;
        return { [Symbol.dispose]: () => undefined };
      };
      let [stdout, stderr] = ['', ''];
      const running = prod.site.run(['run'], {
        signal: stop.signal,
        io: {
          onHangup,
          stdout: (text) => void (stdout += text),
          stderr: (text) => void (stderr += text),
        },
      });
      await vi.waitFor(() => {
        expect(stderr).toContain('"code":"GIT_UNAUTHORIZED"');
      }, WAIT);
      expect(stdout).toBe('');
      await writeFile(tokenFile, 'the next one');
      wake?.();
      await vi.waitFor(() => {
        expect(stdout).toMatch(/^prod: Applied at /);
      }, WAIT);
      stop.abort();
      expect(await running).toMatchObject({ code: 0 });
    });

    it('that lets us read and not write is named, and what was copied stays', async () => {
      await using prod = await startMirroredSite();
      await using server = await startGitHttpsServer();
      const repository = await server.makeRepository('sets.git');
      await repository.git(['config', 'http.receivepack', 'false']);
      const { username, caFile } = server;
      const tokenFile = join(prod.site.folder, 'token');
      await writeFile(tokenFile, server.token);
      const source = { url: `${server.url}/sets.git`, username, tokenFile, caFile };
      await prod.site.configure({ mirrors: [prod.mirror], source });
      const [app = ''] = await prod.fill('team/app:1.0');
      await repository.commit('main', { 'base.yaml': imageSet([app]) });

      const ran = await prod.site.run(['run', '--once']);

      expect(ran.code).toBe(1);
      expect(ran.stdout).toMatch(
        /^prod: failed\n {2}error: cannot push manifests at https:.*: the server does not allow it\n/,
      );
      expect(ran.stdout).toMatch(/^ {2}hint: Give the user of the token .* the right to /m);
      expect(await repository.git(['for-each-ref', 'refs/heads/manifests'])).toBe('');

      await repository.git(['config', 'http.receivepack', 'true']);
      const pass = await prod.site.pass();
      expect(pass).toMatchObject({ code: 0, first: { state: 'Applied', bytesSent: 0 } });
    });
  },
);

describe('a Git repository', () => {
  it('that goes away while images are copied costs the commit, not the images', async () => {
    await using prod = await startMirroredSite();
    const { site } = prod;
    const [app = ''] = await prod.fill('team/app:1.0');
    await site.git.commit('main', { 'base.yaml': imageSet([app]) });
    const away = `${site.git.folder}.away`;
    const programs = await writeGit(site.folder, 'push', `mv '${site.git.folder}' '${away}'`);
    const environment = { PATH: `${programs}:${process.env.PATH ?? ''}`, HOME: site.folder };

    const ran = await site.run(['run', '--once'], { io: { environment } });

    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(/^prod: failed\n {2}error: cannot push manifests at file:.*\n/);
    expect(ran.stdout).toMatch(/^ {2}hint: Check the URL/m);
    await rename(away, site.git.folder);
    expect(await site.pass()).toMatchObject({
      code: 0,
      first: { state: 'Applied', bytesSent: 0 },
    });
  });

  it('that was replaced by an unrelated one is read as it is, and nothing is deleted', async () => {
    await using prod = await startMirroredSite({ deletion: { policy: 'prune' } });
    const { site } = prod;
    const [, web = ''] = await applied(prod, site.git);
    expect(web).not.toBe('');
    await rm(site.git.folder, { recursive: true });
    const other = await makeGitRepository(site.git.folder);
    await other.commit('main', { 'README.md': 'something else\n' });

    const stalled = await site.run(['run', '--once']);
    expect(stalled.code).toBe(4);
    expect(stalled.stdout).toMatch(
      /^prod: Stalled at .*\n {2}\.:1:1: there is neither an ImageSetConfiguration nor a /,
    );
    expect(await other.git(['for-each-ref', 'refs/heads/manifests'])).toBe('');

    await other.commit('main', { 'other.yaml': imageSet([web]) });
    const pass = await site.pass();
    expect(pass.first).toMatchObject({ state: 'Applied', deleted: 0 });
    expect(await prod.has('team/app:1.0')).toBeDefined();
    expect(await other.git(['fsck', '--strict'])).toBe('');
  });

  it('that lost the commit of the lock is read on, and `why` tells what is still known', async () => {
    await using prod = await startMirroredSite();
    const { site } = prod;
    const [app = ''] = await applied(prod, site.git);
    const lost = await site.git.git(['rev-parse', 'main']);
    // Nothing of the mirror changes, so its lock keeps the commit.
    // Another file makes it another commit, though it is made within the second of the first one.
    const files = { 'base.yaml': imageSet([app]), 'README.md': 'rewritten' };
    await site.git.commit('main', files, { parent: null });
    await site.git.git(['gc', '--quiet', '--prune=now']);
    await rm(join(site.folder, 'state'), { recursive: true });
    const before = await prod.requestCount();

    const pass = await site.pass();

    expect(pass).toMatchObject({ code: 0, first: { state: 'Unchanged' } });
    expect(await prod.requestCount()).toBe(before);
    expect((await site.lock('prod')).source.commit).toBe(lost);
    expect((await site.run(['plan'])).code).toBe(0);
    const why = await site.run(['why', 'team/app:1.0']);
    expect(why).toMatchObject({ code: 0, stderr: '' });
    expect(why.stdout.split('\n').slice(-3)).toEqual([
      '  wanted  by base.yaml',
      `  note    the source has no commit ${lost} any more, so entries cannot be named`,
      '',
    ]);
  });
});

/** Mirrors one image of two, so that there is a last good state, and wants both from then on. */
async function applied(prod: MirroredSite, repository: GitFixture): Promise<string[]> {
  const [app = '', web = ''] = await prod.fill('team/app:1.0', 'team/web:1.0');
  await repository.commit('main', { 'base.yaml': imageSet([app]) });
  expect(await prod.site.pass()).toMatchObject({ code: 0, first: { state: 'Applied' } });
  return [app, web];
}

/** A pass that must not change or ask anything but Git. */
async function nothingDone(prod: MirroredSite, repository: GitFixture): Promise<Ran> {
  const [head, requests] = [
    await repository.git(['rev-parse', 'manifests']),
    await prod.requestCount(),
  ];
  await repository.commit('main', { 'base.yaml': imageSet([prod.ref('team/web:1.0')]) });
  const ran = await prod.site.run(['run', '--once']);
  expect(ran).toMatchObject({ code: 1, stdout: '' });
  expect(await repository.git(['rev-parse', 'manifests'])).toBe(head);
  expect(await prod.requestCount()).toBe(requests);
  return ran;
}

/** A `git` that runs a script before one of its commands. */
async function writeGit(folder: string, command: string, script: string): Promise<string> {
  const programs = join(folder, 'programs');
  await mkdir(programs);
  const file = join(programs, 'git');
  const real = findProgram('git') ?? '';
  await writeFile(
    file,
    `#!/bin/sh\ncase " $* " in *" ${command} "*) ${script};; esac\nexec '${real}' "$@"\n`,
  );
  await chmod(file, 0o755);
  return programs;
}
