import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GitFixture } from '../support/git-fixture.ts';
import { canServeGitHttps, startGitHttpsServer } from '../support/git-https-server.ts';
import { canServeGitSsh, startGitSshServer } from '../support/git-ssh-server.ts';
import { type MirroredSite, startMirroredSite } from '../support/mirrored-site.ts';
import { imageSet } from '../support/site.ts';

describe.skipIf(!canServeGitHttps)(
  'a Git server over https (skipped without nginx and fcgiwrap)',
  () => {
    it('is read and written with a token, source and manifests in one repository', async () => {
      await using prod = await startMirroredSite();
      await using server = await startGitHttpsServer();
      const repository = await server.makeRepository('sets.git');
      const { username, caFile } = server;
      const tokenFile = join(prod.site.folder, 'token');
      await writeFile(tokenFile, `${server.token}\n`);
      const source = { url: `${server.url}/sets.git`, username, tokenFile, caFile };
      await prod.site.configure({ mirrors: [prod.mirror], source });

      await expectMirrored(prod, repository, repository);

      // A pass with nothing to do looks at the branches once, and at nothing else.
      const before = (await server.acceptedRequests()).length;
      expect((await prod.site.pass()).first.state).toBe('Unchanged');
      const requests = (await server.acceptedRequests()).slice(before);
      expect(requests.filter((line) => line.includes('info/refs'))).toHaveLength(1);
      expect(requests.join('\n')).not.toContain('receive-pack');
    });

    it('is written with credentials of its own where the manifests are elsewhere', async () => {
      await using prod = await startMirroredSite();
      await using server = await startGitHttpsServer();
      const repository = await server.makeRepository('manifests.git');
      const { username, caFile } = server;
      const passwordFile = join(prod.site.folder, 'password');
      await writeFile(passwordFile, server.token);
      const manifests = {
        ...{ url: `${server.url}/manifests.git`, username, passwordFile, caFile },
        branch: 'clusters/prod',
      };
      await prod.site.configure({ mirrors: [prod.mirror], manifests });

      await expectMirrored(prod, prod.site.git, repository, 'clusters/prod');

      expect(await prod.site.git.git(['for-each-ref', '--format=%(refname)'])).toBe(
        'refs/heads/main',
      );
    });

    it('is named with what to do when it does not take the token, which is not shown', async () => {
      await using prod = await startMirroredSite();
      await using server = await startGitHttpsServer();
      await server.makeRepository('sets.git');
      const { username, caFile } = server;
      const tokenFile = join(prod.site.folder, 'token');
      await writeFile(tokenFile, 'not-the-token');
      const source = { url: `${server.url}/sets.git`, username, tokenFile, caFile };
      await prod.site.configure({ mirrors: [prod.mirror], source });

      const ran = await prod.site.run(['run', '--once']);

      expect(ran).toMatchObject({ code: 1, stdout: '' });
      expect(ran.stderr).toContain(source.url);
      expect(ran.stderr).toMatch(/^hint: .*(?:token|password|credential)/m);
      expect(ran.stderr).not.toContain('not-the-token');
    });
  },
);

describe.skipIf(!canServeGitSsh)('a Git server over ssh (skipped without sshd)', () => {
  it('is read and written with a key, in one repository and in two', async () => {
    await using prod = await startMirroredSite();
    await using server = await startGitSshServer();
    const { keyFile: sshKeyFile, knownHostsFile } = server;
    const one = await server.makeRepository('sets.git');
    const two = await server.makeRepository('manifests.git');
    const source = { url: `${server.url}${one.folder}`, sshKeyFile, knownHostsFile };
    await prod.site.configure({ mirrors: [prod.mirror], source });
    await expectMirrored(prod, one, one);

    const manifests = { url: `${server.url}${two.folder}` };
    await prod.site.configure({ mirrors: [prod.mirror], source, manifests });

    // Nothing of the new branch is known: what is at the registry is taken over, and nothing is sent.
    const pass = await prod.site.pass();
    expect(pass).toMatchObject({ code: 0, first: { state: 'Applied', bytesSent: 0 } });
    expect(await two.git(['show', 'manifests:prod/imageset.lock'])).toContain('team/app:1.0');
  });
});

/** A commit to the source is mirrored and published. */
async function expectMirrored(
  prod: MirroredSite,
  source: GitFixture,
  manifests: GitFixture,
  branch = 'manifests',
): Promise<void> {
  const [app = ''] = await prod.fill('team/app:1.0');
  await source.commit('main', { 'base.yaml': imageSet([app]) });
  const pass = await prod.site.pass();
  expect(pass).toMatchObject({ code: 0, first: { state: 'Applied' } });
  expect(await prod.has('team/app:1.0')).toBeDefined();
  expect(await manifests.git(['show', `${branch}:prod/imageset.lock`])).toContain('team/app:1.0');
}
