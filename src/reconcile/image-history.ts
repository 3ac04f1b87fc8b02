import { ControllerError } from '../base/controller-error.ts';
import type { Commit } from '../git/commit-history.ts';
import { parseTrailers } from '../git/commit-message.ts';
import type { GitRepository } from '../git/git-repository.ts';
import { parseLock } from '../lock/lock.ts';
import { type FoundLine, findLines } from './find-lines.ts';

/** What a commit of the manifests branch did to an image. */
export interface ImageChange {
  readonly commit: Commit;
  readonly change: 'added' | 'changed' | 'leaving' | 'removed';
  readonly place: string;
  readonly digest: string;
  /** The source commit that asked for it, where the commit says so. */
  readonly sourceCommit: string | undefined;
}

const LOCK_LIMIT_BYTES = 64 * 1024 * 1024;

/** The commits that added, changed or removed what a text means in a lock, newest first (design.md, section 7, `log`). */
export async function* imageHistory(
  repository: GitRepository,
  {
    head,
    lockPath,
    text,
  }: { readonly head: string; readonly lockPath: string; readonly text: string },
  signal: AbortSignal,
): AsyncGenerator<ImageChange> {
  let newer:
    { readonly commit: Commit; readonly lines: ReadonlyMap<string, FoundLine> } | undefined;
  for await (const commit of repository.history(head, lockPath, signal)) {
    const lines = await linesAt(repository, commit, lockPath, text, signal);
    if (newer !== undefined) yield* changesOf(newer.commit, lines, newer.lines);
    newer = { commit, lines };
  }
  if (newer !== undefined) yield* changesOf(newer.commit, new Map(), newer.lines);
}

async function linesAt(
  repository: GitRepository,
  commit: Commit,
  lockPath: string,
  text: string,
  signal: AbortSignal,
): Promise<Map<string, FoundLine>> {
  const file = await repository.readFile(commit.id, lockPath, LOCK_LIMIT_BYTES, signal);
  if (file.kind !== 'file') return new Map();
  try {
    const lock = parseLock(lockPath, Buffer.from(file.content).toString('utf8'));
    const found = findLines(lock, text).filter((one) => isOfHistory(one, text));
    return new Map(found.map((one) => [`${one.place} ${one.line.source}`, one]));
  } catch (error) {
    // A version of the lock that nobody can read any more says nothing.
    if (error instanceof ControllerError) return new Map();
    throw error;
  }
}

/** Of a release its payload: without it in one commit, its components there are no change. */
function isOfHistory({ release, line }: FoundLine, text: string): boolean {
  return release?.release !== text || line.kind === 'release';
}

function* changesOf(
  commit: Commit,
  before: ReadonlyMap<string, FoundLine>,
  after: ReadonlyMap<string, FoundLine>,
): Generator<ImageChange> {
  const sourceCommit = parseTrailers(commit.message).get('Imageset-Source-Commit');
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const change = compare(before.get(key), after.get(key));
    const found = after.get(key) ?? before.get(key);
    if (change === undefined || found === undefined) continue;
    yield { commit, change, place: found.place, digest: found.line.digest, sourceCommit };
  }
}

function compare(
  before: FoundLine | undefined,
  after: FoundLine | undefined,
): ImageChange['change'] | undefined {
  if (after === undefined) return 'removed';
  if (before === undefined) return after.kind === 'deleting' ? 'leaving' : 'added';
  if (before.kind !== after.kind) return after.kind === 'deleting' ? 'leaving' : 'added';
  return before.line.digest === after.line.digest ? undefined : 'changed';
}
