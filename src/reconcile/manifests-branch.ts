import { setTimeout } from 'node:timers/promises';
import { ControllerError } from '../base/controller-error.ts';
import { formatBytes } from '../base/format-bytes.ts';
import type { Log } from '../base/log.ts';
import type { NewCommit } from '../git/commit-files.ts';
import type { GitRepository } from '../git/git-repository.ts';
import { type Lock, parseLock } from '../lock/lock.ts';
import { type BranchLock, isAtHost } from './other-mirrors.ts';
import { NO_RECENT_DELETES, type RecentDeletes, findRecentDeletes } from './recent-deletes.ts';

/** The name of the lock in a mirror's output folder (design.md, section 4). */
export const LOCK_FILE = 'imageset.lock';

/** The path of a mirror's lock in the manifests branch; '' is the root. */
export function lockPath(folder: string): string {
  return folder === '' ? LOCK_FILE : `${folder}/${LOCK_FILE}`;
}

const LOCK_LIMIT_BYTES = 64 * 1024 * 1024;
const PUSH_ATTEMPTS = 8;

/** What a mirror wants its output folder to be. */
export interface Publication {
  /** The folder in the branch; '' for its root. */
  readonly folder: string;
  /** Paths below the folder ⇒ text. */
  readonly files: ReadonlyMap<string, string>;
  readonly message: string;
  /** The registry host that the mirror fills. */
  readonly host: string;
}

export type Published =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'pushed'; readonly commit: string }
  /** Somebody pushed meanwhile, and a lock at the registry changed: the plan is to be made again. */
  | { readonly kind: 'overtaken' };

/**
 * The manifests branch during one pass. Several mirrors publish to it; it moves when one of them, another
 * controller or a person pushes. Push is the compare-and-swap (design.md, section 4).
 */
export interface ManifestsBranch {
  /** The head as last seen; undefined where the branch does not exist. */
  readonly head: () => string | undefined;
  /** All locks at the head, by folder. */
  locks(signal: AbortSignal): Promise<readonly BranchLock[]>;
  /** Looks at the remote's head again. Whether a lock at the host changed since `head()`. */
  refresh(host: string, signal: AbortSignal): Promise<'same' | 'moved' | 'overtaken'>;
  publish(publication: Publication, signal: AbortSignal): Promise<Published>;
  /** The deletes at a host since a moment, for the mirror of an output folder. */
  recentDeletes(
    of: { readonly host: string; readonly folder: string; readonly since: Date },
    signal: AbortSignal,
  ): Promise<RecentDeletes>;
  /** When a file first had a text like that, counted back from the head without a gap; undefined where it has not. */
  firstCommitWith(
    path: string,
    isThere: (text: string) => boolean,
    signal: AbortSignal,
  ): Promise<Date | undefined>;
  /** The texts of the files below a folder at the head, by path below the folder. */
  readFolder(folder: string, signal: AbortSignal): Promise<Map<string, string>>;
}

export interface ManifestsBranchOptions {
  readonly repository: GitRepository;
  readonly branch: string;
  readonly head: string | undefined;
  readonly author: NewCommit['author'];
  readonly clock: () => Date;
  readonly log: Log;
  /** Waits before a push is tried again; default: that many milliseconds. */
  readonly pause?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
}

/** Files and folders of a mirror's output folder that the controller owns; stale files in them go. */
const OWNED = ['kustomization.yaml', 'resources/', 'install/', LOCK_FILE];

export function openManifestsBranch(options: ManifestsBranchOptions): ManifestsBranch {
  const { repository, branch, author, clock, log, pause = sleep } = options;
  let head = options.head;
  let locksAtHead: Promise<readonly BranchLock[]> | undefined;
  // Mirrors run side by side; their commits go one after the other.
  let turn: Promise<unknown> = Promise.resolve();

  function moveTo(commit: string | undefined): void {
    if (commit === head) return;
    head = commit;
    locksAtHead = undefined;
  }

  function locks(signal: AbortSignal): Promise<readonly BranchLock[]> {
    locksAtHead ??= head === undefined ? Promise.resolve([]) : readLocks(repository, head, signal);
    return locksAtHead;
  }

  async function refresh(
    host: string,
    signal: AbortSignal,
  ): Promise<'same' | 'moved' | 'overtaken'> {
    const before = await locks(signal);
    const seen = (await repository.lookUp([branch], signal)).get(branch);
    if (seen === head) return 'same';
    // The branch may have moved again: what was fetched counts.
    moveTo(
      seen === undefined
        ? undefined
        : await repository.fetchBranch(branch, { shallow: false }, signal),
    );
    log.info({ branch, head }, 'manifests branch moved');
    return textsAt(await locks(signal), host) === textsAt(before, host) ? 'moved' : 'overtaken';
  }

  async function publish(publication: Publication, signal: AbortSignal): Promise<Published> {
    const { folder, files, message, host } = publication;
    for (let attempt = 0; attempt < PUSH_ATTEMPTS; attempt += 1) {
      const time = clock();
      const made = await repository.commitFiles({
        parent: head,
        folders: [{ path: folder === '' ? '.' : folder, owned: OWNED, files }],
        message,
        author,
        time,
      });
      if (made.kind === 'unchanged') return { kind: 'unchanged' };
      const pushed = await repository.push(branch, made.commit, head, signal);
      if (pushed === 'pushed') {
        moveTo(made.commit);
        return { kind: 'pushed', commit: made.commit };
      }
      // A random part keeps two controllers from meeting again and again.
      if (attempt > 0) await pause(Math.random() * 250 * 2 ** attempt, signal);
      if ((await refresh(host, signal)) === 'overtaken') return { kind: 'overtaken' };
    }
    throw new ControllerError(
      'GIT_REJECTED',
      `the branch ${branch} moved on ${PUSH_ATTEMPTS} times in a row while a commit was pushed to it`,
      {
        remedy: 'retry-later',
        hint: 'The next pass tries again. Look at who else pushes to the branch.',
      },
    );
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work, work);
    turn = result.catch(() => undefined);
    return result;
  }

  return {
    head: () => head,
    locks,
    refresh: (host, signal) => inTurn(() => refresh(host, signal)),
    publish: (publication, signal) => inTurn(() => publish(publication, signal)),
    async recentDeletes({ host, folder, since }, signal) {
      if (head === undefined) return NO_RECENT_DELETES;
      const question = {
        ...{ head, locks: await locks(signal), host, since },
        ownLock: lockPath(folder),
        readLock: (commit: string, path: string) => readLockAt(repository, commit, path, signal),
      };
      return findRecentDeletes(repository, question, signal);
    },
    async firstCommitWith(path, isThere, signal) {
      if (head === undefined) return undefined;
      const commit = await repository.findFirstCommitWith(head, path, isThere, signal);
      return commit?.committer.time;
    },
    async readFolder(folder, signal) {
      return head === undefined
        ? new Map<string, string>()
        : readTexts(repository, head, folder, signal);
    },
  };
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal });
}

async function readLocks(
  repository: GitRepository,
  head: string,
  signal: AbortSignal,
): Promise<BranchLock[]> {
  const locks: BranchLock[] = [];
  for (const { path, kind } of (await repository.listFiles(head, '.', signal)) ?? []) {
    const isLock = path === LOCK_FILE || path.endsWith(`/${LOCK_FILE}`);
    if (kind !== 'file' || !isLock) continue;
    const text = await readText(repository, head, path, signal);
    const folder = path.slice(0, -LOCK_FILE.length).replace(/\/$/, '');
    locks.push({ folder, path, text, ...read(path, text) });
  }
  return locks;
}

/** An earlier version of a lock; undefined where that is none. */
async function readLockAt(
  repository: GitRepository,
  commit: string,
  path: string,
  signal: AbortSignal,
): Promise<Lock | undefined> {
  const file = await repository.readFile(commit, path, LOCK_LIMIT_BYTES, signal);
  return file.kind === 'file'
    ? read(path, Buffer.from(file.content).toString('utf8')).lock
    : undefined;
}

async function readText(
  repository: GitRepository,
  head: string,
  path: string,
  signal: AbortSignal,
): Promise<string> {
  const file = await repository.readFile(head, path, LOCK_LIMIT_BYTES, signal);
  if (file.kind === 'file') return Buffer.from(file.content).toString('utf8');
  const size = file.kind === 'too-large' ? ` of ${formatBytes(file.bytes)}` : '';
  throw new ControllerError(
    'LOCK_INVALID',
    `${path} in the manifests branch is a ${file.kind}${size}`,
    {
      remedy: 'wait-for-change',
      hint: `Files of the controller have at most ${formatBytes(LOCK_LIMIT_BYTES)}; bring back the last good version.`,
    },
  );
}

function read(path: string, text: string): Pick<BranchLock, 'lock' | 'error'> {
  try {
    return { lock: parseLock(path, text), error: undefined };
  } catch (error) {
    if (error instanceof ControllerError) return { lock: undefined, error };
    throw error;
  }
}

async function readTexts(
  repository: GitRepository,
  head: string,
  folder: string,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const prefix = folder === '' ? '' : `${folder}/`;
  for (const owned of OWNED) {
    const files = (await repository.listFiles(head, `${prefix}${owned}`, signal)) ?? [];
    for (const { path, kind } of files) {
      if (kind !== 'file') continue;
      texts.set(path.slice(prefix.length), await readText(repository, head, path, signal));
    }
  }
  return texts;
}

/** What the locks of a host say, to compare two heads. */
function textsAt(locks: readonly BranchLock[], host: string): string {
  const texts = locks.filter((lock) => isAtHost(lock, host)).map(({ path, text }) => [path, text]);
  return JSON.stringify(texts.sort());
}
