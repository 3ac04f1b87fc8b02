import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ControllerError } from '../base/controller-error.ts';
import { checkRemoteFiles, readCredentials } from './git-credentials.ts';
import { gitEnvironment, type Environment } from './git-environment.ts';
import { gitError, isDamagedCopy } from './git-failure.ts';
import type { GitRemote, RemoteAddress } from './git-remote.ts';
import type { FetchOptions, GitTransport, Push } from './git-transport.ts';
import { localRef } from './local-ref.ts';
import { findPushResult, pushOutcome, refusedPush } from './push-result.ts';
import { GitProgramError, runGit } from './run-git.ts';

/** How long a call of git may take, in milliseconds. */
export interface GitTimeouts {
  readonly lookUpMs: number;
  /** Without any output. */
  readonly idleMs: number;
  readonly totalMs: number;
}

export interface NativeTransportOptions {
  readonly folder: string;
  readonly remote: GitRemote;
  readonly address: RemoteAddress;
  readonly program: string;
  readonly ambient: Environment;
  readonly timeouts: GitTimeouts;
  /** Told when git finds the bare repository broken. */
  readonly onDamage: () => void;
}

/** A depth that git takes for all of the history, also in a repository that was shallow before. */
const ALL_HISTORY = 2_147_483_647;

/** The transport that calls the git program, through simple-git. */
export function nativeTransport(options: NativeTransportOptions): GitTransport {
  const { folder, address, timeouts } = options;

  /** Runs git against the remote; `accept` may make an answer of a failure. */
  async function run<T = never>(
    action: string,
    parameters: readonly string[],
    totalMs: number,
    signal: AbortSignal,
    accept: (failure: GitProgramError, secrets: readonly string[]) => T | undefined = () =>
      undefined,
  ): Promise<string | T> {
    await checkRemoteFiles(options.remote);
    const credentials = await readCredentials(options.remote, address);
    const secrets = credentials === undefined ? [] : [credentials.password];
    const environment = gitEnvironment({ ...options, credentials });
    const call = {
      program: options.program,
      folder,
      environment,
      idleMs: timeouts.idleMs,
      totalMs,
    };
    try {
      return await runGit(parameters, call, signal);
    } catch (error) {
      if (!(error instanceof GitProgramError)) throw error;
      const accepted = accept(error, secrets);
      if (accepted !== undefined) return accepted;
      const output = `${error.stderr}\n${error.stdout}`;
      if (error.reason === 'stalled') throw stalled(action, address.display);
      if (isDamagedCopy(output)) options.onDamage();
      // No cause: it has the output as git wrote it, with what must not be logged.
      throw gitError({ action, display: address.display, output, secrets });
    }
  }

  async function depthOf({ shallow }: FetchOptions): Promise<string[]> {
    if (shallow) return ['--depth=1'];
    const isShallow = await stat(join(folder, 'shallow')).then(
      () => true,
      () => false,
    );
    return isShallow ? [`--depth=${ALL_HISTORY}`] : [];
  }

  return {
    async listRefs(refs, signal) {
      const names = refs.map((ref) => ref.replace(/^refs\/(?:heads|tags)\//, ''));
      const parameters = ['ls-remote', '--quiet', '--', address.url, ...refs];
      const output = await run(
        `look up ${[...new Set(names)].join(' and ')}`,
        parameters,
        timeouts.lookUpMs,
        signal,
      );
      return parseRefs(output, refs);
    },

    async fetch(source, fetchOptions, signal) {
      const target = localRef(source);
      const parameters = [
        ...['fetch', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head', '--progress'],
        // --update-shallow: a remote that is shallow itself.
        ...['--force', '--update-shallow', ...(await depthOf(fetchOptions))],
        ...['--', address.url, `+${source}:${target}`],
      ];
      const name = source.replace(/^refs\/(?:heads|tags)\//, '');
      await run(`fetch ${name}`, parameters, timeouts.totalMs, signal);
      const own = { ...options, credentials: undefined };
      const objectId = await runGit(
        ['rev-parse', '--verify', '--end-of-options', target],
        {
          program: options.program,
          folder,
          environment: gitEnvironment(own),
          idleMs: timeouts.idleMs,
          totalMs: timeouts.lookUpMs,
        },
        signal,
      );
      return objectId.trim();
    },

    async fetchEverything(signal) {
      const parameters = [
        ...['fetch', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head', '--progress'],
        ...['--force', '--prune', '--update-shallow', ...(await depthOf({ shallow: false }))],
        ...['--', address.url, '+refs/heads/*:refs/imageset-all/heads/*'],
        '+refs/tags/*:refs/imageset-all/tags/*',
      ];
      await run('fetch all branches', parameters, timeouts.totalMs, signal);
    },

    async push(push: Push, signal) {
      const parameters = [
        // The lease makes the push a compare-and-swap. Nothing is ever forced: the caller has checked that
        // the commit follows the one expected there.
        ...['push', '--porcelain', '--progress', '--no-verify', '--recurse-submodules=no'],
        `--force-with-lease=${push.ref}:${push.expectedOld ?? ''}`,
        ...['--', address.url, `${push.commit}:${push.ref}`],
      ];
      const action = `push ${push.ref.replace(/^refs\/heads\//, '')}`;
      const result = await run(action, parameters, timeouts.totalMs, signal, (failure, secrets) => {
        const line = findPushResult(failure.stdout);
        if (line === undefined) return undefined;
        const outcome = pushOutcome(line);
        if (outcome === 'rejected') return { outcome };
        throw refusedPush({
          branch: push.ref.replace(/^refs\/heads\//, ''),
          display: address.display,
          reason: line.reason,
          output: failure.stderr,
          secrets,
        });
      });
      return typeof result === 'string' ? 'pushed' : result.outcome;
    },
  };
}

/** Reads what ls-remote printed; its patterns match the ends of names, so only exact ones are taken. */
function parseRefs(output: string, refs: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of output.split('\n')) {
    const [objectId = '', ref = ''] = line.split('\t');
    if (!refs.includes(ref)) continue;
    if (/^[0-9a-f]{64}$/.test(objectId)) {
      throw new ControllerError('GIT_INVALID', 'the Git repository has SHA-256 object ids', {
        remedy: 'wait-for-change',
        hint: 'Use a repository with SHA-1 object ids; others cannot be read here.',
      });
    }
    if (/^[0-9a-f]{40}$/.test(objectId)) found.set(ref, objectId);
  }
  return found;
}

function stalled(action: string, display: string): ControllerError {
  return new ControllerError(
    'GIT_UNREACHABLE',
    `cannot ${action} at ${display}: no answer in time`,
    {
      remedy: 'retry-later',
      hint: 'Check the network, the proxy and the server. It is tried again by itself.',
    },
  );
}
