import { ControllerError } from '../base/controller-error.ts';
import type { Log } from '../base/log.ts';
import { isThere, moveAside, prepareBareRepository } from './bare-repository.ts';
import { blobSizes } from './blob-sizes.ts';
import { commitFiles, type CommitResult, type NewCommit } from './commit-files.ts';
import { findFirstCommitWith, readCommit, walkHistory, type Commit } from './commit-history.ts';
import { fetchRevision } from './fetch-revision.ts';
import { pathSegments } from './folder-path.ts';
import { gitEnvironment, type Environment } from './git-environment.ts';
import { branchRef } from './git-ref.ts';
import { parseRemoteAddress, type GitRemote } from './git-remote.ts';
import type { GitTransport } from './git-transport.ts';
import { httpTransport } from './http-transport.ts';
import { findEntry, listFiles, MAX_LISTED_ENTRIES, type ListedFile } from './list-files.ts';
import { nativeTransport, type GitTimeouts } from './native-transport.ts';
import { openObjectStore } from './object-store.ts';
import { readBlobs } from './read-blobs.ts';
import { GitProgramError, runGit, type GitCall } from './run-git.ts';
import { kindOfMode } from './tree-object.ts';

export interface GitRepositoryOptions {
  /** Of the bare repository; made where it is missing, made again where it is damaged. */
  readonly folder: string;
  readonly remote: GitRemote;
  readonly environment: Environment;
  readonly log: Log;
  /** The git program; default `git`, as found on the PATH of the environment. */
  readonly program?: string;
  readonly timeouts?: Partial<GitTimeouts>;
}

/** What is at a path of a commit. */
export type FileInCommit =
  | { readonly kind: 'file'; readonly objectId: string; readonly content: Uint8Array }
  | { readonly kind: 'too-large'; readonly objectId: string; readonly bytes: number }
  | { readonly kind: 'folder' | 'symlink' | 'submodule' }
  | { readonly kind: 'missing' };

/** A listed file with its content, which is undefined where the file is longer than asked for. */
export interface FileContent {
  readonly file: ListedFile;
  readonly content: Uint8Array | undefined;
}

/** A remote repository and our bare copy of what we need of it. Commits are full ids. */
export interface GitRepository {
  /** The URL without user, for messages. */
  readonly display: string;
  /** Where branches are now, in one request; undefined for one that does not exist. */
  lookUp(
    branches: readonly string[],
    signal: AbortSignal,
  ): Promise<Map<string, string | undefined>>;
  /** Fetches a branch as it is now, the latest commit only or with its history, and returns its head. */
  fetchBranch(
    branch: string,
    options: { readonly shallow: boolean },
    signal: AbortSignal,
  ): Promise<string>;
  /** The commit of a branch, a tag, a full ref or a commit id (also abbreviated), fetched. */
  fetchRevision(revision: string, signal: AbortSignal): Promise<string>;
  /** See `listFiles`; the path is a folder, searched to any depth, or a file. */
  listFiles(commit: string, path: string, signal: AbortSignal): Promise<ListedFile[] | undefined>;
  /** The contents of listed files (not symlinks or submodules) of at most `limitBytes`, in the order given. */
  readFiles(
    files: readonly ListedFile[],
    limitBytes: number,
    signal: AbortSignal,
  ): AsyncGenerator<FileContent>;
  /** A file of at most `limitBytes`; symlinks are not followed. */
  readFile(
    commit: string,
    path: string,
    limitBytes: number,
    signal: AbortSignal,
  ): Promise<FileInCommit>;
  /** Whether a commit is here, so that it need not be fetched. */
  hasCommit(commit: string): Promise<boolean>;
  readCommit(commit: string): Promise<Commit>;
  /** See `walkHistory`. */
  history(head: string, path: string | undefined, signal: AbortSignal): AsyncGenerator<Commit>;
  /** See `findFirstCommitWith`. */
  findFirstCommitWith(
    head: string,
    path: string,
    predicate: (text: string) => boolean,
    signal: AbortSignal,
  ): Promise<Commit | undefined>;
  /** See `commitFiles`. The commit is here only, until it is pushed. */
  commitFiles(commit: NewCommit): Promise<CommitResult>;
  /**
   * Makes `commit` the head of a branch that is at `expectedOld` (undefined: that does not exist), which
   * must be its parent; `rejected` where the branch is elsewhere by now. Never forces.
   */
  push(
    branch: string,
    commit: string,
    expectedOld: string | undefined,
    signal: AbortSignal,
  ): Promise<'pushed' | 'rejected'>;
}

const TIMEOUTS: GitTimeouts = { lookUpMs: 60_000, idleMs: 120_000, totalMs: 600_000 };
/** Since 2.31 configuration can be passed in environment variables. */
const OLDEST_GIT = [2, 31] as const;
/** From here on a process of git's is cheaper than inflating in JavaScript. */
const NATIVE_BYTES = 256 * 1024;

/**
 * Opens the bare copy of a remote repository; asks the remote nothing yet. Throws `GIT_INVALID` for a URL
 * that cannot be used, or that needs a git program where there is none, and `STATE_UNAVAILABLE`.
 */
export async function openGitRepository(
  options: GitRepositoryOptions,
  signal: AbortSignal,
): Promise<GitRepository> {
  const { folder, remote, environment: ambient, log, program = 'git' } = options;
  const address = parseRemoteAddress(remote.url);
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  if (address.kind === 'http' && (remote.tokenFile ?? remote.passwordFile) !== undefined) {
    log.warn({ url: address.display }, 'Git credentials are sent over http, readable on the way');
  }
  await prepareBareRepository(folder, log);

  let isDamaged = false;
  const onDamage = (): void => {
    isDamaged = true;
  };
  const objects = openObjectStore(folder, onDamage);
  const local: GitCall = {
    ...{ program, folder, idleMs: timeouts.idleMs, totalMs: timeouts.totalMs },
    environment: gitEnvironment({ ambient, folder, remote, address, credentials: undefined }),
  };
  const hasGit = await findGit(local, signal);
  if (!hasGit && address.origin === undefined) {
    throw new ControllerError(
      'GIT_INVALID',
      `${address.display} needs the program ${program}, which is not there`,
      {
        remedy: 'wait-for-change',
        hint: 'Install git, and for ssh an ssh client; without them only https remotes can be used.',
      },
    );
  }
  const common = { folder, remote, address, ambient, timeouts };
  const transport = hasGit
    ? nativeTransport({ ...common, program, onDamage })
    : httpTransport(common);
  if (hasGit) await collectGarbage(local, log, signal);

  // Two fetches would meet at the same lock files.
  let turn: Promise<unknown> = Promise.resolve();
  function fetching<T>(work: (transport: GitTransport) => Promise<T>): Promise<T> {
    const result = turn.then(() => withRepair(work));
    turn = result.catch(() => undefined);
    return result;
  }

  async function withRepair<T>(work: (transport: GitTransport) => Promise<T>): Promise<T> {
    try {
      if (isDamaged || !(await isThere(folder))) await repair();
      return await work(transport);
    } catch (error) {
      if (!isDamaged || signal.aborted) throw error;
      await repair();
      return await work(transport);
    } finally {
      objects.refresh();
    }
  }

  async function repair(): Promise<void> {
    await moveAside(folder, log);
    await prepareBareRepository(folder, log);
    objects.refresh();
    isDamaged = false;
  }

  async function treeOf(commit: string): Promise<string> {
    return (await objects.readCommit(commit)).tree;
  }

  async function sizeOf(objectId: string, signal: AbortSignal): Promise<number | undefined> {
    if (!hasGit) return undefined;
    return (await blobSizes([objectId], local, signal)).get(objectId);
  }

  /** A large file, by git; undefined where that is of no use or told nothing. */
  async function readLarge(
    file: ListedFile,
    size: number | undefined,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    if (size === undefined || size < NATIVE_BYTES) return undefined;
    for await (const { found } of readBlobs([file], size, local, signal))
      if (found !== 'too-large') return found;
    return undefined;
  }

  return {
    display: address.display,

    async lookUp(branches, signal) {
      const refs = branches.map(branchRef);
      const found = await withRepair((via) => via.listRefs(refs, signal));
      return new Map(branches.map((branch) => [branch, found.get(branchRef(branch))]));
    },

    fetchBranch(branch, fetchOptions, signal) {
      const ref = branchRef(branch);
      return fetching((via) => via.fetch(ref, fetchOptions, signal));
    },

    fetchRevision: (revision, signal) =>
      fetching((via) => fetchRevision(via, objects, revision, address.display, signal)),

    async listFiles(commit, path, signal) {
      return listFiles(objects, await treeOf(commit), path, MAX_LISTED_ENTRIES, signal);
    },

    async *readFiles(files, limitBytes, signal) {
      const reading = hasGit
        ? readBlobs(files, limitBytes, local, signal)
        : files.map((file) => ({ file, found: undefined }));
      for await (const { file, found } of reading) {
        signal.throwIfAborted();
        const content = found ?? (await objects.readBlob(file.objectId));
        const isTooLarge = content === 'too-large' || content.byteLength > limitBytes;
        yield { file, content: isTooLarge ? undefined : content };
      }
    },

    async readFile(commit, path, limitBytes, signal) {
      const entry = await findEntry(objects, await treeOf(commit), pathSegments(path));
      if (entry === undefined) return { kind: 'missing' };
      const kind = kindOfMode(entry.mode);
      if (kind !== 'file') return { kind };
      const { objectId } = entry;
      const size = await sizeOf(objectId, signal);
      if (size !== undefined && size > limitBytes)
        return { kind: 'too-large', objectId, bytes: size };
      const content =
        (await readLarge({ path, kind, objectId }, size, signal)) ??
        (await objects.readBlob(objectId));
      if (content.byteLength <= limitBytes) return { kind: 'file', objectId, content };
      return { kind: 'too-large', objectId, bytes: content.byteLength };
    },

    hasCommit: async (commit) => (await objects.findCommit(commit)) !== undefined,
    readCommit: (commit) => readCommit(objects, commit),
    history: (head, path, signal) => walkHistory(objects, head, path, signal),
    findFirstCommitWith: (head, path, predicate, signal) =>
      findFirstCommitWith(objects, head, path, predicate, signal),
    commitFiles: (commit) => commitFiles(objects, commit),

    async push(branch, commit, expectedOld, signal) {
      const ref = branchRef(branch);
      const [parent] = (await objects.readCommit(commit)).parents;
      if (parent !== expectedOld) {
        throw new RangeError(`${commit} follows ${String(parent)}, not ${String(expectedOld)}`);
      }
      return await transport.push({ ref, commit, expectedOld }, signal);
    },
  };
}

/** Whether the git program is there. Throws `GIT_INVALID` for one that is too old. */
async function findGit(call: GitCall, signal: AbortSignal): Promise<boolean> {
  let output: string;
  try {
    output = await runGit(['version'], call, signal);
  } catch (error) {
    if (error instanceof GitProgramError && error.reason === 'missing') return false;
    throw error;
  }
  const [, major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(output) ?? []).map(Number);
  const isNewEnough = major > OLDEST_GIT[0] || (major === OLDEST_GIT[0] && minor >= OLDEST_GIT[1]);
  if (isNewEnough) return true;
  throw new ControllerError('GIT_INVALID', `${output.trim()} is too old`, {
    remedy: 'wait-for-change',
    hint: `Install git ${OLDEST_GIT.join('.')} or newer.`,
  });
}

/** Packs and drops what nothing names any more, where there is much of it. At the start nobody is reading. */
async function collectGarbage(call: GitCall, log: Log, signal: AbortSignal): Promise<void> {
  try {
    await runGit(
      ['-c', 'gc.auto=6700', '-c', 'gc.autoDetach=false', 'gc', '--auto', '--quiet'],
      call,
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    log.debug({ err: error }, 'Git garbage collection failed');
  }
}
