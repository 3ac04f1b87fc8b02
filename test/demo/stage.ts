import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the demo plays: a folder of its own, the commands that a user would type, what came of them. */
export interface Stage {
  readonly folder: string;
  /** Begins a numbered step. */
  readonly step: (title: string) => void;
  /** A paragraph. */
  readonly say: (text: string) => void;
  /** Writes a file below the folder and prints it as `cat` would. */
  readonly write: (path: string, text: string) => Promise<void>;
  /**
   * Prints a command line, runs it in a shell and prints what it prints.
   * @returns its stdout.
   * @throws Error when its exit code is not the expected one (default 0).
   */
  readonly run: (line: string, expectedCode?: number) => Promise<string>;
  /** The same without a word: for questions whose answer is only checked. */
  readonly ask: (line: string) => Promise<string>;
  /** Starts a command that runs until the end; resolves with what it printed first. */
  readonly start: (line: string) => Promise<string>;
  /** States a result. @throws Error when it is not so. */
  readonly check: (claim: string, isSo: boolean) => void;
  /** Checks that held so far. */
  readonly checks: () => number;
}

export interface OpenStage extends Stage {
  /** Ends what was started; removes the folder unless it is to stay. */
  readonly close: (keep: boolean) => Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('../../src/imageset.js', import.meta.url));

/** Makes the folder, with an `imageset` that runs this checkout with this Node. */
export async function openStage(signal: AbortSignal): Promise<OpenStage> {
  const folder = await mkdtemp(join(tmpdir(), 'imageset-demo-'));
  await mkdir(join(folder, 'bin'));
  const command = join(folder, 'bin', 'imageset');
  await writeFile(command, `#!/bin/sh\nexec "${process.execPath}" "${PROGRAM}" "$@"\n`);
  await chmod(command, 0o755);
  const environment = environmentOf(folder);
  const ends: (() => Promise<void>)[] = [];
  let steps = 0;
  let checks = 0;

  const print = (text: string): void => {
    process.stdout.write(`${text}\n`);
  };

  async function execute(
    line: string,
    { isShown }: { readonly isShown: boolean },
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    signal.throwIfAborted();
    const child = spawn('sh', ['-c', line], {
      cwd: folder,
      env: environment,
      // On a terminal the progress display is drawn by the command itself.
      stdio: ['ignore', 'pipe', isShown && process.stderr.isTTY ? 'inherit' : 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text;
      if (isShown) process.stdout.write(text);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output.stderr += text;
      if (isShown) process.stderr.write(text);
    });
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exit) => {
        resolve(exit ?? 255);
      });
    });
    signal.throwIfAborted();
    return { code, ...output };
  }

  return {
    folder,
    say(text) {
      print(`\n${text}`);
    },
    step(title) {
      steps += 1;
      const head = `${steps}. ${title}`;
      print(`\n\n${head}\n${'-'.repeat(head.length)}`);
    },
    async write(path, text) {
      await writeFile(join(folder, path), text);
      print(`\n$ cat ${path}\n${text.trimEnd()}`);
    },
    async run(line, expectedCode = 0) {
      print(`\n$ ${line}`);
      const { code, stdout } = await execute(line, { isShown: true });
      if (code === expectedCode) return stdout;
      throw new Error(`"${line}" ended with ${code}, expected ${expectedCode}`);
    },
    async ask(line) {
      const { code, stdout, stderr } = await execute(line, { isShown: false });
      if (code === 0) return stdout;
      throw new Error(`"${line}" ended with ${code}: ${stderr.slice(-2000)}`);
    },
    async start(line) {
      print(`\n$ ${line} &`);
      const started = await startInBackground(line, { folder, environment });
      ends.push(started.end);
      process.stdout.write(started.greeting);
      return started.greeting;
    },
    check(claim, isSo) {
      if (!isSo) throw new Error(`this does not hold: ${claim}`);
      checks += 1;
      print(`  [ok] ${claim}`);
    },
    checks: () => checks,
    async close(keep) {
      await Promise.all(ends.map((end) => end()));
      if (!keep) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The user's environment without their settings: no Git configuration, credentials or proxy of this machine counts. */
function environmentOf(folder: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:git_|npm_|xdg_|registry_|containers_|.*_proxy$)|^node_options$/i.test(name),
  );
  const person = { name: 'Dana', email: 'dana@example.com' };
  return {
    ...Object.fromEntries(inherited),
    PATH: `${join(folder, 'bin')}:${process.env.PATH ?? ''}`,
    HOME: folder,
    CONTAINERS_REGISTRIES_CONF: join(folder, 'registries.conf'),
    REGISTRY_AUTH_FILE: join(folder, 'auth.json'),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_PAGER: 'cat',
    GIT_AUTHOR_NAME: person.name,
    GIT_AUTHOR_EMAIL: person.email,
    GIT_COMMITTER_NAME: person.name,
    GIT_COMMITTER_EMAIL: person.email,
  };
}

async function startInBackground(
  line: string,
  { folder, environment }: { readonly folder: string; readonly environment: NodeJS.ProcessEnv },
): Promise<{ readonly greeting: string; readonly end: () => Promise<void> }> {
  // A process group of its own: an interrupt at the terminal reaches the demo, which then ends it.
  const child = spawn('sh', ['-c', `exec ${line}`], {
    cwd: folder,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise<void>((resolve) => {
    child.once('error', () => {
      resolve();
    });
    child.once('close', () => {
      resolve();
    });
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(-4000);
  });
  const greeting = await Promise.race([
    new Promise<string>((resolve) => {
      child.stdout.setEncoding('utf8').on('data', resolve);
    }),
    closed.then(() => undefined),
  ]);
  if (greeting === undefined) throw new Error(`"${line}" ended at once: ${complaint}`);
  return {
    greeting,
    async end() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}
