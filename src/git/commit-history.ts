import { pathSegments } from './folder-path.ts';
import { findEntry } from './list-files.ts';
import type { CommitObject } from './commit-object.ts';
import type { ObjectStore } from './object-store.ts';
import { kindOfMode } from './tree-object.ts';

/** A commit with its id. */
export interface Commit extends CommitObject {
  readonly id: string;
  /** The first line of the message, as written. */
  readonly subject: string;
}

/** Reads one commit. */
export async function readCommit(objects: ObjectStore, id: string): Promise<Commit> {
  return withId(id, await objects.readCommit(id));
}

/**
 * The commits from `head` back, newest first, along first parents: on a branch that somebody merged into,
 * what the branch itself was. Ends at the root or where a shallow history ends. With a path only the
 * commits that changed what is there.
 */
export async function* walkHistory(
  objects: ObjectStore,
  head: string,
  path: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<Commit> {
  const segments = path === undefined ? undefined : pathSegments(path);
  let current: Commit | undefined = await readCommit(objects, head);
  let there = await objectAt(objects, current, segments);
  while (current !== undefined) {
    signal.throwIfAborted();
    const parent: Commit | undefined = await firstParent(objects, current);
    const before = await objectAt(objects, parent, segments);
    if (segments === undefined || before !== there) yield current;
    current = parent;
    there = before;
  }
}

/**
 * The oldest commit of the unbroken run, from `head` back, in which a file is there and its text fulfils a
 * predicate: the commit that brought what the predicate looks for. Undefined where `head` itself does not.
 * The predicate is asked once for each different content.
 */
export async function findFirstCommitWith(
  objects: ObjectStore,
  head: string,
  path: string,
  predicate: (text: string) => boolean,
  signal: AbortSignal,
): Promise<Commit | undefined> {
  const segments = pathSegments(path);
  let first: Commit | undefined;
  let last: { readonly objectId: string; readonly holds: boolean } | undefined;
  for await (const commit of walkHistory(objects, head, undefined, signal)) {
    const entry = await findEntry(objects, commit.tree, segments);
    if (entry === undefined || kindOfMode(entry.mode) !== 'file') return first;
    const { objectId } = entry;
    if (last?.objectId !== objectId) {
      const text = Buffer.from(await objects.readBlob(objectId)).toString('utf8');
      last = { objectId, holds: predicate(text) };
    }
    if (!last.holds) return first;
    first = commit;
  }
  return first;
}

async function firstParent(objects: ObjectStore, commit: Commit): Promise<Commit | undefined> {
  const [id] = commit.parents;
  if (id === undefined) return undefined;
  const parent = await objects.findCommit(id);
  return parent === undefined ? undefined : withId(id, parent);
}

async function objectAt(
  objects: ObjectStore,
  commit: Commit | undefined,
  segments: readonly string[] | undefined,
): Promise<string | undefined> {
  if (commit === undefined || segments === undefined) return undefined;
  return (await findEntry(objects, commit.tree, segments))?.objectId;
}

function withId(id: string, commit: CommitObject): Commit {
  return { ...commit, id, subject: commit.message.split('\n', 1)[0]?.trim() ?? '' };
}
