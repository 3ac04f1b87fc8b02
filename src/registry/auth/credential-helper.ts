import { spawn } from 'node:child_process';
import { z } from 'zod';
import { HttpFailure } from '../http/http-failure.ts';
import { withoutQueries } from '../http/without-queries.ts';
import type { Credential } from './credential.ts';

/** Longest time for a helper's answer, milliseconds: some ask a cloud's API. */
const TIMEOUT = 30_000;
const MOST_OUTPUT = 64 * 1024;

const Answer = z.object({ Username: z.string().optional(), Secret: z.string() });

/**
 * Asks `docker-credential-NAME get` about a server (spec, transfer-engine, 5.4).
 * @returns undefined where it knows none; `missing` where there is no such program.
 * @throws HttpFailure CREDENTIALS_INVALID
 */
export async function askCredentialHelper(
  name: string,
  server: string,
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Credential | 'missing' | undefined> {
  // The name becomes part of a program's: it must not lead out of the PATH.
  if (!/^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/.test(name)) {
    throw failed('a credentials file names a credential helper with forbidden characters');
  }
  const result = await run(`docker-credential-${name}`, server, environment, signal);
  if (result === 'missing') return result;
  const { exitCode, output } = result;
  if (exitCode !== 0) {
    if (output.includes('credentials not found')) return undefined;
    // Helpers put their messages where their answers go; what looks like an answer is not shown.
    const words = output.includes('{') ? '' : `: ${withoutQueries(output).slice(0, 200)}`;
    throw failed(
      `the credential helper ${name} failed for ${server} (exit code ${String(exitCode)})${words}`,
    );
  }
  return parseAnswer(name, server, output);
}

function parseAnswer(name: string, server: string, output: string): Credential | undefined {
  let json: unknown;
  try {
    json = JSON.parse(output);
  } catch {
    throw failed(`the credential helper ${name} did not answer in JSON for ${server}`);
  }
  const answer = Answer.safeParse(json);
  if (!answer.success)
    throw failed(`the credential helper ${name} gave no credential for ${server}`);
  const { Username: username = '', Secret: secret } = answer.data;
  if (username === '' && secret === '') return undefined;
  if (username === '<token>') return { kind: 'identity-token', token: secret };
  return { kind: 'password', username, password: secret };
}

interface Result {
  readonly exitCode: number | null;
  readonly output: string;
}

async function run(
  program: string,
  input: string,
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Result | 'missing'> {
  signal.throwIfAborted();
  const child = spawn(program, ['get'], { env: environment, stdio: ['pipe', 'pipe', 'ignore'] });
  // A helper may end without reading.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const result = Promise.withResolvers<Result | 'missing'>();
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.length > MOST_OUTPUT) {
      result.reject(failed(`${program} wrote more than ${MOST_OUTPUT} bytes`));
      child.stdout.destroy();
    }
  });
  child.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') result.resolve('missing');
    else
      result.reject(failed(`${program} could not be started (${error.code ?? 'unknown error'})`));
  });
  child.once('close', (exitCode) => {
    result.resolve({ exitCode, output });
  });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]);
  const giveUp = (): void => {
    const late = failed(`${program} did not answer within ${TIMEOUT / 1000} s`);
    result.reject(signal.aborted ? (signal.reason as Error) : late);
  };
  limit.addEventListener('abort', giveUp, { once: true });
  try {
    return await result.promise;
  } finally {
    limit.removeEventListener('abort', giveUp);
    child.kill('SIGKILL');
    // What the helper started may outlive it: it loses its reader.
    child.stdout.destroy();
  }
}

function failed(message: string): HttpFailure {
  return new HttpFailure('CREDENTIALS_INVALID', message, {
    remedy: 'wait-for-change',
    again: false,
    hint: 'Check credHelpers and credsStore in the credentials file, and that `echo HOST | docker-credential-NAME get` works.',
  });
}
