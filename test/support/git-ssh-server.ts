import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { startProgram, waitForListener } from './background-program.ts';
import { freePort } from './free-port.ts';
import { makeGitRepository, type GitFixture } from './git-fixture.ts';
import { findProgram, hasProgram, runProgramOrThrow } from './run-program.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Whether this machine can run a Git server over ssh. */
export const canServeGitSsh = ['sshd', 'ssh', 'ssh-keygen', 'git'].every(hasProgram);

/** sshd as the current user, with a host key of its own and one user key that it accepts. */
export interface GitSshServer extends AsyncDisposable {
  /** `ssh://USER@127.0.0.1:PORT` */
  readonly url: string;
  /** The private key that is accepted. */
  readonly keyFile: string;
  /** A private key that is not. */
  readonly otherKeyFile: string;
  readonly knownHostsFile: string;
  /** Known hosts with another key for this server, as after a reinstallation. */
  readonly changedKnownHostsFile: string;
  /** Makes a bare repository; its URL is `URL` + its folder. */
  makeRepository(name: string): Promise<GitFixture>;
}

/** Starts the server on a free port with all its files in a temporary folder. */
export async function startGitSshServer(): Promise<GitSshServer> {
  await using stack = new AsyncDisposableStack();
  const { path: folder } = stack.use(await temporaryFolder());
  const port = await freePort();
  const makeKey = async (name: string): Promise<string> => {
    const file = join(folder, name);
    await runProgramOrThrow('ssh-keygen', [
      '-q',
      '-t',
      'ed25519',
      '-N',
      '',
      '-C',
      name,
      '-f',
      file,
    ]);
    return file;
  };
  const hostKey = await makeKey('host-key');
  const otherHostKey = await makeKey('other-host-key');
  const keyFile = await makeKey('user key');
  const otherKeyFile = await makeKey('other-user-key');

  const authorized = join(folder, 'authorized_keys');
  await writeFile(authorized, await readFile(`${keyFile}.pub`));
  await chmod(authorized, 0o600);
  const configuration = join(folder, 'sshd_config');
  await writeFile(
    configuration,
    [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${authorized}`,
      'PidFile none',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'UsePAM no',
      'PermitRootLogin prohibit-password',
      // The temporary folder is inside one that everybody may write to.
      'StrictModes no',
      'AcceptEnv GIT_PROTOCOL',
      'SetEnv GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1',
      '',
    ].join('\n'),
  );
  // sshd insists on this folder when it runs as root.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const sshd = stack.use(
    startProgram(findProgram('sshd') ?? '', ['-D', '-e', '-f', configuration]),
  );
  await waitForListener({ port }, sshd);

  const knownHosts = async (name: string, key: string): Promise<string> => {
    const file = join(folder, name);
    const [type = '', data = ''] = (await readFile(`${key}.pub`, 'utf8')).split(' ');
    await writeFile(file, `[127.0.0.1]:${port} ${type} ${data}\n`);
    return file;
  };
  const knownHostsFile = await knownHosts('known hosts', hostKey);
  const changedKnownHostsFile = await knownHosts('changed-known-hosts', otherHostKey);

  const owned = stack.move();
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${port}`,
    keyFile,
    otherKeyFile,
    knownHostsFile,
    changedKnownHostsFile,
    makeRepository: (name) => makeGitRepository(join(folder, 'repositories', name)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
