import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How a process ended. */
export interface Ended {
  /** null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `node src/main.ts …` as a process of its own, to be killed. */
export interface ControllerProcess extends AsyncDisposable {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** Sends a signal; nothing where it has ended. */
  signal(name: NodeJS.Signals): void;
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** @param environment all of it. */
export function startController(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): ControllerProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    // Not `close`: a program that it started may hold its pipes.
    child.once('exit', (code, signal) => {
      setImmediate(() => {
        resolve({ code, signal, stdout, stderr });
      });
    });
  });
  return {
    pid: child.pid ?? 0,
    ended,
    signal: (name) => child.kill(name),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
