import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a run took. CPU in seconds, user and system together. */
export interface Measured {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of the largest process, bytes. */
  readonly peakBytes: number;
}

const TICKS_PER_SECOND = 100;
const SAMPLE_MS = 20;

/** Runs a shell command to its end, with the CPU and memory of all its processes. @throws Error when it fails. */
export async function measureCommand(
  command: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Measured> {
  const started = performance.now();
  const child = spawn('bash', ['-c', `TIMEFORMAT='%U %S'; time (${command})`], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: environment,
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
  });
  const ended = new Promise<number>((resolve) => {
    child.once('close', (code) => {
      resolve(code ?? 255);
    });
  });
  const state = { isRunning: true };
  void ended.then(() => (state.isRunning = false));
  let peakBytes = 0;
  while (state.isRunning) {
    for (const pid of descendants(child.pid ?? 0)) peakBytes = Math.max(peakBytes, peakOf(pid));
    await Promise.race([ended, sleep(SAMPLE_MS)]);
  }
  const code = await ended;
  if (code !== 0)
    throw new Error(`${command.slice(0, 300)} ended with ${code}:\n${output.slice(-2000)}`);
  const [user = 0, system = 0] = (output.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { seconds: (performance.now() - started) / 1000, cpuSeconds: user + system, peakBytes };
}

/** CPU that a running process has used so far, seconds. */
export function cpuOf(pid: number): { readonly user: number; readonly system: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return {
    user: Number(fields[11]) / TICKS_PER_SECOND,
    system: Number(fields[12]) / TICKS_PER_SECOND,
  };
}

/** The largest resident size that a process has had, bytes; 0 where it is gone. */
export function peakOf(pid: number): number {
  try {
    const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(match?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function descendants(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    const children = text === '' ? [] : text.split(' ').map(Number);
    return [pid, ...children.flatMap(descendants)];
  } catch {
    return [];
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
