import { RUN_AS_GROUP } from './process-group.ts';
import { simpleGit, type SimpleGitOptions } from 'simple-git';

/** What a call of git needs. */
export interface GitCall {
  /** The program, `git` or a path. */
  readonly program: string;
  /** An existing folder to run in. */
  readonly folder: string;
  /** All of the environment. */
  readonly environment: Record<string, string>;
  /** What to write to its standard input. */
  readonly input?: string;
  /** Given its standard output as bytes; what `runGit` returns is that as text. */
  readonly onOutput?: (chunk: Buffer) => void;
  /** Without output for this long it is taken for stalled and ended, in milliseconds. */
  readonly idleMs: number;
  /** Ended after this time whatever it does, in milliseconds. */
  readonly totalMs: number;
}

/** A call that failed: what git said, and why it ended. The message is not for people: it may hold secrets. */
export class GitProgramError extends Error {
  readonly reason: 'failed' | 'stalled' | 'missing';
  readonly stdout: string;
  readonly stderr: string;

  constructor(reason: GitProgramError['reason'], stdout: string, stderr: string) {
    super(`git ${reason}`);
    this.name = 'GitProgramError';
    this.reason = reason;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** More than any answer we ask for; a hostile server may never stop sending messages. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** simple-git guards its callers against these; each of them is set by `gitEnvironment`, not by a value from outside. */
const SET_BY_US: NonNullable<SimpleGitOptions['unsafe']> = {
  allowUnsafeAskPass: true,
  allowUnsafeConfigEnvCount: true,
  allowUnsafeConfigPaths: true,
  allowUnsafeCredentialHelper: true,
  allowUnsafeExec: true,
  allowUnsafeGitProxy: true,
  allowUnsafeHooksPath: true,
  allowUnsafeProtocolOverride: true,
  allowUnsafeSshCommand: true,
  allowUnsafeCustomBinary: true,
};

/**
 * Runs git and returns what it printed. Throws `GitProgramError`, or the reason of the signal; then git and
 * the programs that it started are ended.
 */
export async function runGit(
  parameters: readonly string[],
  { program, folder, environment, input, onOutput, idleMs, totalMs }: GitCall,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  const tooMuch = new AbortController();
  const deadline = AbortSignal.timeout(totalMs);
  let failure: GitProgramError | undefined;
  let received = 0;
  const git = simpleGit({
    baseDir: folder,
    binary: ['sh', '-c'],
    abort: AbortSignal.any([signal, deadline, tooMuch.signal]),
    timeout: { block: idleMs },
    // Normally its pipes close with it. A daemon that a credential helper leaves behind may hold them open.
    completion: { onClose: true, onExit: 1000 },
    allowEnvironment: Object.keys(environment),
    unsafe: SET_BY_US,
    input: () => input,
    errors: (error, { exitCode, stdOut, stdErr }) => {
      if (exitCode === 0) return error;
      const [stdout, stderr] = [stdOut, stdErr].map((parts) =>
        Buffer.concat(parts).toString('utf8'),
      );
      // What a shell answers for a program that is not there; where sh itself is missing, Node's words.
      const isMissing = exitCode === 127 || (stderr ?? '').startsWith('Error: spawn sh ENOENT');
      failure = new GitProgramError(isMissing ? 'missing' : 'failed', stdout ?? '', stderr ?? '');
      return error ?? failure;
    },
  }).env(environment);
  git.outputHandler((_command, stdout, stderr) => {
    if (onOutput !== undefined) stdout.on('data', onOutput);
    for (const stream of [stdout, stderr]) {
      stream.on('data', (chunk: Buffer) => {
        received += chunk.byteLength;
        if (received > MAX_OUTPUT_BYTES) tooMuch.abort();
      });
    }
  });
  try {
    return await git.raw([RUN_AS_GROUP, program, ...parameters]);
  } catch (error) {
    signal.throwIfAborted();
    if (isPluginError(error) || failure === undefined) {
      throw new GitProgramError(
        'stalled',
        failure?.stdout ?? '',
        failure?.stderr ?? describe(error),
      );
    }
    throw failure;
  }
}

// simple-git's own error for an abort or a timeout.
function isPluginError(error: unknown): boolean {
  return error instanceof Error && 'plugin' in error;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
