import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { ControllerError } from './base/controller-error.ts';

/** The process edge: the only file that acts when it is loaded, and the only one that reads `process.env`. */

// Types are stripped and code is compiled once per version; in a folder of the user's own, since cached code is code.
const { XDG_CACHE_HOME: cacheHome = '', HOME: home = '' } = process.env;
if (cacheHome !== '' || home !== '') {
  enableCompileCache(
    join(cacheHome === '' ? join(home, '.cache') : cacheHome, 'imageset', 'compiled'),
  );
}
// Imported only now: what is imported statically is loaded before the line above.
const { runCommandLine } = await import('./cli/run-command-line.ts');

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
const SIGPIPE_CODE = 141;

const stopping = new AbortController();
let stoppedWith: number | undefined;

for (const [name, code] of Object.entries(SIGNALS)) {
  process.on(name, () => {
    // The second signal does not wait for anything.
    if (stoppedWith !== undefined) process.exit(code);
    stoppedWith = code;
    stopping.abort(
      new ControllerError('ABORTED', `stopped by ${name}`, {
        remedy: 'retry-later',
        hint: 'What is done is done: the same call goes on from there.',
      }),
    );
  });
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read our output has gone, e.g. `| head`.
    if (error.code === 'EPIPE') process.exit(SIGPIPE_CODE);
    throw error;
  });
}

const code = await runCommandLine(
  process.argv.slice(2),
  {
    stdout: (text) => {
      process.stdout.write(text);
    },
    stderr: (text) => {
      process.stderr.write(text);
    },
    isTerminal: { stdout: process.stdout.isTTY, stderr: process.stderr.isTTY },
    columns: () => process.stderr.columns || process.stdout.columns || 80,
    environment: process.env,
    cwd: process.cwd(),
    now: () => new Date(),
    terminal: process.stderr.isTTY ? process.stderr : undefined,
    onHangup(listener) {
      process.on('SIGHUP', listener);
      return {
        [Symbol.dispose]() {
          process.off('SIGHUP', listener);
        },
      };
    },
  },
  stopping.signal,
);
// A command that got everything done in spite of the signal has succeeded.
process.exitCode = code === 0 ? 0 : (stoppedWith ?? code);
// Timers that simple-git leaves behind each call of git would keep the process for another second.
await Promise.all([process.stdout, process.stderr].map(flushed));
process.exit();

async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.write('', () => {
      resolve();
    });
  });
}
