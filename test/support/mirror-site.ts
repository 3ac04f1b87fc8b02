import { appendFile, chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { type Lock, parseLock } from '../../src/lock/lock.ts';
import { testIo } from './command-io.ts';
import { type GitFixture, ISOLATED_GIT, makeGitRepository } from './git-fixture.ts';
import { findProgram, runProgram } from './run-program.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Somebody's machine with a Git repository: a home folder of its own, and the controller run in it. */
export interface MirrorSite extends AsyncDisposable {
  readonly folder: string;
  readonly home: string;
  readonly stateFolder: string;
  readonly git: GitFixture;
  /** All variables that commands are run with. */
  readonly environment: Readonly<Record<string, string>>;
  /** Puts a CA into the home's certs.d for a registry. */
  trust(host: string, ca: string): Promise<void>;
  /** Writes the home's auth.json: `user:password` by registry. */
  logIn(accounts: Readonly<Record<string, string>>): Promise<void>;
  /** Writes settings whose source is `git`, and returns their path. */
  writeSettings(mirrors: readonly object[], over?: object): Promise<string>;
  /** Runs a command line inside this process, with `--state`. */
  run(...args: string[]): Promise<CommandResult>;
  /** Runs it as a process: `node src/main.ts`. */
  runProcess(...args: string[]): Promise<CommandResult>;
  /** The commands that git was called with so far: `ls-remote`, `fetch`, `push`, … */
  gitCalls(): Promise<string[]>;
  removeState(): Promise<void>;
  /** The commits of a branch, newest first; none where it does not exist. */
  commits(branch?: string): Promise<string[]>;
  /** A file of the manifests branch; undefined where it is not there. */
  published(path: string): Promise<string | undefined>;
  /** The lock of an output folder ('' is the root). */
  lock(folder?: string): Promise<Lock>;
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** git's commands that ask the remote something. */
const REMOTE_COMMANDS = ['ls-remote', 'fetch', 'push', 'clone'];

export async function makeMirrorSite(): Promise<MirrorSite> {
  const temporary = await temporaryFolder();
  const folder = temporary.path;
  const [home, stateFolder] = [join(folder, 'home'), join(folder, 'state')];
  const containers = join(home, '.config/containers');
  await mkdir(containers, { recursive: true });
  const git = await makeGitRepository(join(folder, 'repository.git'));
  const { path: programs, log } = await writeGitWrapper(folder);
  const environment = {
    ...ISOLATED_GIT,
    HOME: home,
    PATH: `${programs}:${process.env.PATH ?? ''}`,
  };

  async function published(path: string): Promise<string | undefined> {
    const heads = await git.git(['for-each-ref', 'refs/heads/manifests']);
    if (heads === '') return undefined;
    const names = await git.git(['ls-tree', '-r', '--name-only', 'manifests', '--', path]);
    return names === path ? `${await git.git(['show', `manifests:${path}`])}\n` : undefined;
  }

  return {
    folder,
    home,
    stateFolder,
    git,
    environment,
    async trust(host, ca) {
      await mkdir(join(containers, 'certs.d', host), { recursive: true });
      await writeFile(join(containers, 'certs.d', host, 'ca.crt'), ca);
    },
    async logIn(accounts) {
      const auths = Object.entries(accounts).map(([host, account]) => [
        host,
        { auth: Buffer.from(account).toString('base64') },
      ]);
      await writeFile(
        join(containers, 'auth.json'),
        JSON.stringify({ auths: Object.fromEntries(auths) as object }),
      );
    },
    async writeSettings(mirrors, over = {}) {
      const path = join(folder, 'settings.yaml');
      const settings = {
        apiVersion: 'imageset-controller/v1alpha1',
        kind: 'ControllerSettings',
        source: { url: git.url },
        mirrors,
        ...over,
      };
      await writeFile(path, JSON.stringify(settings));
      return path;
    },
    async run(...args) {
      const io = testIo({ environment, cwd: folder, now: () => new Date() });
      const line = [...args, '--state', stateFolder];
      const code = await runCommandLine(line, io, AbortSignal.timeout(120_000));
      return { code, ...io.written };
    },
    async runProcess(...args) {
      const line = [MAIN, ...args, '--state', stateFolder];
      const result = await runProgram(process.execPath, line, { environment, folder });
      return { ...result, stdout: result.stdout.toString('utf8') };
    },
    async gitCalls() {
      const lines = (await readFile(log, 'utf8')).split('\n');
      return lines.flatMap(
        (line) => line.split(' ').find((word) => REMOTE_COMMANDS.includes(word)) ?? [],
      );
    },
    removeState: () => rm(stateFolder, { recursive: true, force: true }),
    async commits(branch = 'manifests') {
      const heads = await git.git(['for-each-ref', `refs/heads/${branch}`]);
      return heads === '' ? [] : (await git.git(['rev-list', branch])).split('\n');
    },
    published,
    async lock(outputFolder = '') {
      const path = outputFolder === '' ? 'imageset.lock' : `${outputFolder}/imageset.lock`;
      const text = await published(path);
      if (text === undefined) throw new Error(`the manifests branch has no ${path}`);
      return parseLock(path, text);
    },
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  };
}

/** A `git` that writes down how it is called, and calls the real one. */
async function writeGitWrapper(folder: string): Promise<{ path: string; log: string }> {
  const path = join(folder, 'programs');
  const log = join(folder, 'git-calls.log');
  await mkdir(path);
  await appendFile(log, '');
  const wrapper = join(path, 'git');
  const real = findProgram('git') ?? '/usr/bin/git';
  await writeFile(wrapper, `#!/bin/sh\necho "$*" >> '${log}'\nexec '${real}' "$@"\n`);
  await chmod(wrapper, 0o755);
  return { path, log };
}

/** An ImageSetConfiguration of additional images; a text is a name alone. */
export function imageSet(images: readonly (string | object)[]): string {
  const additionalImages = images.map((image) =>
    typeof image === 'string' ? { name: image } : image,
  );
  return `${JSON.stringify(
    {
      apiVersion: 'mirror.openshift.io/v2alpha1',
      kind: 'ImageSetConfiguration',
      mirror: { additionalImages },
    },
    undefined,
    2,
  )}\n`;
}

/** A DeleteImageSetConfiguration of additional images. */
export function deleteImageSet(images: readonly string[]): string {
  return `${JSON.stringify(
    {
      apiVersion: 'mirror.openshift.io/v2alpha1',
      kind: 'DeleteImageSetConfiguration',
      delete: { additionalImages: images.map((name) => ({ name })) },
    },
    undefined,
    2,
  )}\n`;
}
