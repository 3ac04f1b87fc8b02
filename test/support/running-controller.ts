import { setTimeout as sleep } from 'node:timers/promises';
import type { Ran, Site } from './site.ts';

/** `imageset run` in this process, until it is stopped. */
export interface RunningController extends AsyncDisposable {
  /** What it printed of its passes so far, one line a pass and mirror. */
  passes(): string[];
  /** What it logged so far. */
  readonly log: () => string;
  /** As SIGHUP. */
  hangUp(): void;
  /** Waits until so many passes were printed, for a minute at most. */
  waitForPasses(count: number): Promise<string[]>;
  /** As SIGTERM; what it printed, and how it ended. */
  stop(): Promise<Ran>;
}

export function startRunning(site: Site): RunningController {
  const stopping = new AbortController();
  let [stdout, stderr] = ['', ''];
  let listener: () => void = () => undefined;
  const ended = site.run(['run'], {
    signal: stopping.signal,
    io: {
      stdout: (text) => (stdout += text),
      stderr: (text) => (stderr += text),
      onHangup(wake) {
        listener = wake;
        return { [Symbol.dispose]: () => undefined };
      },
    },
  });
  const passes = (): string[] => stdout.split('\n').filter((line) => /^\S/.test(line));

  async function stop(): Promise<Ran> {
    stopping.abort(new Error('stopped'));
    const { code } = await ended;
    return { code, stdout, stderr };
  }
  return {
    passes,
    log: () => stderr,
    hangUp: () => {
      listener();
    },
    async waitForPasses(count) {
      for (let attempt = 0; attempt < 600 && passes().length < count; attempt += 1) {
        await sleep(100);
      }
      if (passes().length < count)
        throw new Error(`waited for ${count} passes: ${stdout}${stderr}`);
      return passes();
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}
