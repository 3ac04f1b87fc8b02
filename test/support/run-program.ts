import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Whether a program is installed; tests that need one that is not are skipped: `describe.skipIf(!hasProgram('skopeo'))`. */
export function hasProgram(name: string): boolean {
  return findProgram(name) !== undefined;
}

/** The absolute path of a program, or undefined. Administrators' folders count too, since sshd and nginx live there. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

export interface ProgramResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function runProgram(
  program: string,
  parameters: readonly string[],
  options: {
    readonly input?: string;
    readonly environment?: Record<string, string>;
    readonly folder?: string;
  } = {},
): Promise<ProgramResult> {
  const child = spawn(program, parameters, {
    cwd: options.folder,
    env: { ...process.env, ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => undefined); // It may end without reading.
  child.stdin.end(options.input ?? '');
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit) => {
      resolve(exit ?? 255);
    });
  });
  return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') };
}

/** As `runProgram`, but a failure throws with what the program said. */
export async function runProgramOrThrow(
  program: string,
  parameters: readonly string[],
  options: Parameters<typeof runProgram>[2] = {},
): Promise<Buffer> {
  const { code, stdout, stderr } = await runProgram(program, parameters, options);
  if (code !== 0)
    throw new Error(`${program} ${parameters.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
