import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program that runs until the end of the scope. */
export interface BackgroundProgram extends AsyncDisposable {
  /** What it wrote to stderr so far. */
  output(): string;
}

/** Starts a program; at the end of the scope it and what it started are ended. */
export function startProgram(
  program: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): BackgroundProgram {
  // A process group of its own, so that ending it reaches its workers.
  const child = spawn(program, parameters, {
    detached: true,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output = `${output}${chunk.toString('utf8')}`.slice(-16_384);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      output += error.message;
      resolve();
    });
    child.once('close', () => {
      resolve();
    });
  });
  return {
    output: () => output,
    async [Symbol.asyncDispose](): Promise<void> {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        process.kill(-child.pid, 'SIGTERM');
        const timer = setTimeout(() => {
          if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
        }, 5000);
        await ended;
        clearTimeout(timer);
      }
      await ended;
    },
  };
}

/** Waits until something accepts connections at a port of 127.0.0.1 or a socket; throws after 15 s. */
export async function waitForListener(
  target: { readonly port: number } | { readonly path: string },
  program: BackgroundProgram,
): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect('port' in target ? { port: target.port, host: '127.0.0.1' } : target);
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => {
        resolve(false);
      });
    });
    if (isOpen) return;
    await sleep(50);
  }
  throw new Error(`nothing listens at ${JSON.stringify(target)}: ${program.output()}`);
}
