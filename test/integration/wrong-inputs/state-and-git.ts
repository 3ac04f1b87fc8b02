import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ran, SiteSettings } from '../../support/site.ts';
import {
  type WrongInput,
  type WrongInputSite,
  mountMemory,
  unmount,
} from '../../support/wrong-input-site.ts';

type Source = NonNullable<SiteSettings['source']>;

/** A pass whose state directory is on a file system of its own. */
function onDisk(options: string): WrongInput['run'] {
  return async (site) => {
    const folder = join(site.folder, `disk-${options.replaceAll(/\W/g, '-')}`);
    await mkdir(folder);
    await mountMemory(folder, options);
    try {
      return await site.pass({ flags: ['--state', folder] });
    } finally {
      await unmount(folder);
    }
  };
}

function fetching(source: (site: WrongInputSite) => Source | Promise<Source>): WrongInput['run'] {
  return async (site): Promise<Ran> => site.pass({ settings: { source: await source(site) } });
}

/** What is wrong with the state directory, Git, and what it holds. */
export const STATE_AND_GIT: readonly WrongInput[] = [
  {
    name: 'no place for the state',
    code: 1,
    text: [
      'error: there is no place for the state: neither XDG_STATE_HOME nor HOME is set',
      'hint: Give --state DIRECTORY.',
    ],
    run: (site) => site.imagesetWith({ HOME: '' }, 'run', '--once', '--settings', 'settings.yaml'),
  },
  {
    name: 'a state directory that is a file',
    code: 1,
    text: [
      'error: the state directory cannot be used: DIR/a-file/git/ID.git: a part of the path is no folder',
      'hint: Name a directory with --state that this user may write to, on a disk with space left.',
    ],
    run: async (site) => {
      await site.write('a-file', '');
      return site.pass({ flags: ['--state', 'a-file'] });
    },
  },
  {
    name: 'a state directory of somebody else',
    needs: 'a user other than root',
    code: 1,
    text: [
      'error: the state directory cannot be used: DIR/theirs/git/ID.git: permission denied',
      'hint: Name a directory with --state that this user may write to, on a disk with space left.',
    ],
    run: async (site) => {
      const folder = join(site.folder, 'theirs');
      await mkdir(folder);
      await chmod(folder, 0o500);
      return site.pass({ flags: ['--state', 'theirs'] });
    },
  },
  {
    name: 'a state directory on a read-only file system',
    needs: 'mount',
    code: 1,
    text: [
      'error: the state directory cannot be used: DIR/disk-ro/git/ID.git: the file system is read-only',
      'hint: Name a directory with --state that this user may write to, on a disk with space left.',
    ],
    run: onDisk('ro'),
  },
  {
    name: 'a state directory on a full disk',
    needs: 'mount',
    code: 1,
    text: [
      'error: cannot fetch manifests at file://DIR/repository.git: no space is left in the state directory',
      'fatal: …',
      'hint: Make room on its disk, or name a directory on a larger one with --state.',
    ],
    run: onDisk('size=40k'),
  },
  {
    name: 'a source that is not there',
    code: 1,
    text: [
      'error: cannot look up main and manifests at file:///nowhere/sets.git: there is no such repository',
      'fatal: …',
      'hint: Check the URL, and whether the credentials may see the repository: servers hide private ones.',
    ],
    run: fetching(() => ({ url: '/nowhere/sets.git' })),
  },
  {
    name: 'a source that is a web server',
    code: 1,
    text: [
      'error: cannot look up main and manifests at http://WEB/sets.git: there is no such repository',
      'fatal: …',
      'hint: Check the URL, and whether the credentials may see the repository: servers hide private ones.',
    ],
    run: fetching(({ hosts }) => ({ url: `http://${hosts.WEB}/sets.git` })),
  },
  {
    name: 'a source that a web server does not have',
    code: 1,
    text: [
      'error: cannot look up main and manifests at http://EMPTY/sets.git: there is no such repository',
      'fatal: …',
      'hint: Check the URL, and whether the credentials may see the repository: servers hide private ones.',
    ],
    run: fetching(({ hosts }) => ({ url: `http://${hosts.EMPTY}/sets.git` })),
  },
  {
    name: 'a source that nobody serves',
    code: 1,
    text: [
      'error: cannot look up main and manifests at https://CLOSED/sets.git: the server cannot be reached, or the connection broke',
      'fatal: …',
      'hint: Check the URL, the network and the proxy. It is tried again by itself.',
    ],
    run: fetching(({ hosts }) => ({ url: `https://${hosts.CLOSED}/sets.git` })),
  },
  {
    name: 'a source over a protocol that is not allowed',
    code: 1,
    text: [
      'error: the URL of the Git repository begins with git://, which is not allowed',
      'hint: Use an https, http, ssh or file URL, user@host:path, or a path of this machine.',
    ],
    run: fetching(() => ({ url: 'git://git.example.com/sets.git' })),
  },
  {
    name: 'a certificate of the Git server that has expired',
    needs: 'openssl',
    code: 1,
    text: [
      'error: cannot look up main and manifests at https://EXPIRED/sets.git: the TLS certificate of the server cannot be verified',
      'fatal: …',
      "hint: Name the file of the server's CA in caFile, and check that the certificate is for this host name and has not expired.",
    ],
    run: fetching(({ hosts, folder }) => ({
      url: `https://${hosts.EXPIRED}/sets.git`,
      caFile: join(folder, 'trusted/ca.crt'),
    })),
  },
  {
    name: 'a CA file that is not there',
    code: 1,
    text: [
      'error: DIR/no-ca.crt, the caFile of the Git settings, cannot be read: no such file or folder',
      'hint: Put the file there, let this user read it, or correct caFile in the settings.',
    ],
    run: fetching(({ hosts, folder }) => ({
      url: `https://${hosts.CLOSED}/sets.git`,
      caFile: join(folder, 'no-ca.crt'),
    })),
  },
  {
    name: 'a token file that is not there',
    code: 1,
    text: [
      'error: DIR/no-token, which should hold the credentials for Git, cannot be read: no such file or folder',
      'hint: Name a readable file in passwordFile or tokenFile that holds the password or token and nothing else.',
    ],
    run: fetching(({ hosts, folder }) => ({
      url: `https://${hosts.CLOSED}/sets.git`,
      tokenFile: join(folder, 'no-token'),
    })),
  },
  {
    name: 'a token file of two lines',
    code: 1,
    text: [
      'error: DIR/two-lines is empty or has more than one line',
      'hint: Name a readable file in passwordFile or tokenFile that holds the password or token and nothing else.',
    ],
    run: fetching(async (site) => ({
      url: `https://${site.hosts.CLOSED}/sets.git`,
      tokenFile: await site.write('two-lines', 'tok\nen\n'),
    })),
  },
  {
    name: 'an ssh key that is not there',
    code: 1,
    text: [
      'error: DIR/no-key, the sshKeyFile of the Git settings, cannot be read: no such file or folder',
      'hint: Put the file there, let this user read it, or correct sshKeyFile in the settings.',
    ],
    run: fetching(({ hosts, folder }) => ({
      url: `ssh://git@${hosts.CLOSED}/sets.git`,
      sshKeyFile: join(folder, 'no-key'),
    })),
  },
  {
    name: 'a source branch that is not there',
    code: 1,
    text: [
      'error: file://DIR/repository.git has no branch trunk',
      'hint: Push the branch, or correct source.branch or source.url in the settings.',
    ],
    run: fetching(() => ({ branch: 'trunk' })),
  },
  {
    name: 'a manifests branch that a rule protects',
    code: 1,
    text: [
      'prod: failed',
      '  error: file://DIR/repository.git refuses the push to manifests: remote rejected (pre-receive hook declined)',
      '  GH006: Protected branch update failed for refs/heads/manifests.',
      "  hint: Allow the controller's user to push to manifests, or take the protection off that branch.",
    ],
    run: (site) => {
      const mirror = { ...site.mirror, resources: { scope: 'repository' } };
      const words = 'GH006: Protected branch update failed for refs/heads/manifests.';
      return site.passRefused(words, { settings: { mirrors: [mirror] } });
    },
  },
  {
    name: 'an output folder that is a file of somebody else',
    code: 1,
    text: [
      'prod: failed',
      '  error: README.md in the manifests branch is a file, where README.md has to be a folder',
      '  hint: Remove it from the branch, or choose another `output` folder for the mirror.',
    ],
    run: (site) => site.pass({ settings: { mirrors: [{ ...site.mirror, output: 'README.md' }] } }),
  },
  {
    name: 'a lock with the markers of a merge',
    code: 4,
    text: [
      'prod: Stalled at COMMIT: nothing was changed',
      '  error: prod/imageset.lock:1: the file has conflict markers of a Git merge',
      '  hint: Take one side of the merge as it is (git checkout --ours or --theirs); the next pass brings the lock up to date. Lines of a lock are never merged by hand.',
    ],
    run: (site) =>
      site.passWithLock((good) => `<<<<<<< HEAD\n${good}=======\n${good}>>>>>>> theirs\n`),
  },
  {
    name: 'a lock that somebody edited',
    code: 4,
    text: [
      'prod: Stalled at COMMIT: nothing was changed',
      '  error: prod/imageset.lock:9: digest: "sha256:oops" is no digest',
      '  hint: This file is written by imageset alone. Restore its last good version from the history of the manifests branch, or remove it: the next pass then takes over what is at the destination without copying it again.',
    ],
    run: (site) => site.passWithLock((good) => good.replace(/sha256:[0-9a-f]{64}/, 'sha256:oops')),
  },
  {
    name: 'a lock with a line that was cut off',
    code: 4,
    text: [
      'prod: Stalled at COMMIT: nothing was changed',
      '  error: prod/imageset.lock:9: this item is not one line of JSON (Unterminated string in JSON at position 30 (line 1 column 31))',
      '  hint: This file is written by imageset alone. Restore its last good version from the history of the manifests branch, or remove it: the next pass then takes over what is at the destination without copying it again.',
    ],
    run: (site) => site.passWithLock((good) => good.replace(/(team\/good:1\.0).*/, '$1')),
  },
  {
    name: 'a lock of a newer version',
    code: 4,
    text: [
      'prod: Stalled at COMMIT: nothing was changed',
      '  error: prod/imageset.lock has version 2: it was written by a newer version of imageset, and this one reads version 1',
      '  hint: Run the newer imageset. To go back to this one, restore the last lock of version 1 from the history of the manifests branch.',
    ],
    run: (site) => site.passWithLock((good) => good.replace('version: 1', 'version: 2')),
  },
  {
    name: 'an empty lock',
    code: 4,
    text: [
      'prod: Stalled at COMMIT: nothing was changed',
      '  error: prod/imageset.lock has no version',
      '  hint: This file is written by imageset alone. Restore its last good version from the history of the manifests branch, or remove it: the next pass then takes over what is at the destination without copying it again.',
    ],
    run: (site) => site.passWithLock(() => ''),
  },
  {
    name: 'a lock that is a symlink',
    code: 1,
    text: [
      'prod: failed',
      '  error: prod/imageset.lock in the manifests branch is a symlink, where imageset.lock has to be a file',
      '  hint: Remove it from the branch, or choose another `output` folder for the mirror.',
    ],
    run: (site) => site.passWithLock(() => ({ kind: 'symlink', target: '/etc/passwd' })),
  },
];
