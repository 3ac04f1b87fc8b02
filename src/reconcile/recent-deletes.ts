import type { GitRepository } from '../git/git-repository.ts';
import type { DeletingImage, Lock } from '../lock/lock.ts';
import type { Digest } from '../oci/digest.ts';
import { type Place, absolutePlace, parseDestination } from '../oci/destination.ts';
import { isHeldByWish } from '../plan/held-by-wish.ts';
import { type BranchLock, isAtHost } from './other-mirrors.ts';

/** A pass that deletes looks at the branch again after so long: what it read of the registry is too old by then. */
export const DELETE_LIMIT_MS = 30 * 60_000;
/** How far back deletes are recent. Twice the limit: the clocks of two machines differ, and requests take a while. */
export const RECENT_MS = 2 * DELETE_LIMIT_MS;
/** A branch with more commits in that time has been looked at far enough. */
const MAX_COMMITS = 500;

/**
 * What deletes may have taken that nobody told about. Whoever deletes reads which tags and indexes a repository has
 * and then deletes, maybe after others put an image there, and may be killed before it can say so. But every delete
 * was announced by a line in `deleting`: an image that came to such a repository after the announcement is in doubt
 * for a while, and is looked at again before a lock goes on saying that it is there.
 */
export interface RecentDeletes {
  /** Whether a delete was announced at all. */
  readonly hasAny: boolean;
  /** Whether an image at a place came after the announcement of a delete in its repository. */
  isInDoubt(place: Pick<Place, 'repository' | 'tag'>, digest: Digest): boolean;
  /** Whether the delete of the image at a place was announced: an orphan of another lock does not hold it. */
  wasAnnounced(place: Pick<Place, 'repository' | 'tag'>): boolean;
}

export interface RecentDeletesQuestion {
  readonly head: string;
  /** The locks at the head. */
  readonly locks: readonly BranchLock[];
  readonly host: string;
  /** The path of the lock that the images are of. */
  readonly ownLock: string;
  readonly since: Date;
  /** An earlier version of a lock; undefined where that is none. */
  readonly readLock: (commit: string, path: string) => Promise<Lock | undefined>;
}

export const NO_RECENT_DELETES: RecentDeletes = {
  hasAny: false,
  isInDoubt: () => false,
  wasAnnounced: () => false,
};

/** Reads the versions of a registry's locks that were in force since a moment. */
export async function findRecentDeletes(
  repository: GitRepository,
  { head, locks, host, ownLock, since, readLock }: RecentDeletesQuestion,
  signal: AbortSignal,
): Promise<RecentDeletes> {
  const paths = locks.filter((lock) => isAtHost(lock, host)).map(({ path }) => path);
  const atHead = new Map(locks.map(({ path, lock }) => [path, lock]));
  const versions = await lockVersions(repository, { head, atHead, readLock }, signal);
  /** Repository ⇒ images that the own lock had in every version in which deletes were announced there. */
  const safe = new Map<string, ReadonlySet<string>>();
  const announced = new Set<string>();
  let commits = 0;
  for await (const { id, committer } of repository.history(head, undefined, signal)) {
    const here: Place[] = [];
    for (const path of paths) here.push(...announcedBy(await versions(id, path), host));
    if (here.length > 0) {
      const own = imagesOf(await versions(id, ownLock));
      for (const name of new Set(here.map(({ repository }) => repository)))
        safe.set(name, safe.get(name)?.intersection(own) ?? own);
      for (const { repository: name, tag } of here) announced.add(`${name}:${tag}`);
    }
    commits += 1;
    // This version was in force at the beginning of that time; those before it were not.
    if (committer.time < since || commits >= MAX_COMMITS) break;
  }
  return {
    hasAny: announced.size > 0,
    isInDoubt(place, digest) {
      const images = safe.get(place.repository);
      return images !== undefined && !images.has(keyOf(place, digest));
    },
    wasAnnounced: (place) => announced.has(`${place.repository}:${place.tag}`),
  };
}

/** Locks at commits; a version that many commits have is read once, and that of the head is known. */
async function lockVersions(
  repository: GitRepository,
  {
    head,
    atHead,
    readLock,
  }: Pick<RecentDeletesQuestion, 'head' | 'readLock'> & {
    readonly atHead: ReadonlyMap<string, Lock | undefined>;
  },
  signal: AbortSignal,
): Promise<(commit: string, path: string) => Promise<Lock | undefined>> {
  async function versionAt(commit: string, path: string): Promise<string | undefined> {
    const [file] = (await repository.listFiles(commit, path, signal)) ?? [];
    return file?.path === path ? `${path} ${file.objectId}` : undefined;
  }

  const known = new Map<string, Promise<Lock | undefined>>();
  for (const [path, lock] of atHead) {
    known.set((await versionAt(head, path)) ?? '', Promise.resolve(lock));
  }
  return async (commit, path) => {
    const version = await versionAt(commit, path);
    if (version === undefined) return undefined;
    const reading = known.get(version) ?? readLock(commit, path);
    known.set(version, reading);
    return reading;
  };
}

/** The places that a pass may be deleting while the lock is in force. */
function announcedBy(lock: Lock | undefined, host: string): Place[] {
  if (lock === undefined || parseDestination(lock.destination).host !== host) return [];
  return placesOf(
    lock,
    lock.deleting.filter(({ held }: DeletingImage) => !isHeldByWish(held)),
  ).map(({ place }) => place);
}

function imagesOf(lock: Lock | undefined): ReadonlySet<string> {
  if (lock === undefined) return new Set();
  return new Set(placesOf(lock, lock.images).map(({ place, line }) => keyOf(place, line.digest)));
}

function placesOf<T extends { readonly destination: string }>(
  lock: Lock,
  lines: readonly T[],
): { place: Place; line: T }[] {
  const destination = parseDestination(lock.destination);
  return lines.flatMap((line) => {
    const place = absolutePlace(line.destination, destination);
    return place === undefined ? [] : [{ place, line }];
  });
}

function keyOf({ repository, tag }: Pick<Place, 'repository' | 'tag'>, digest: Digest): string {
  return `${repository}:${tag} ${digest}`;
}
