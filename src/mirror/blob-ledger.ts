import type { Digest } from '../oci/digest.ts';

/**
 * What one pass knows about the blobs of one scope (a registry host, a store): which repositories hold a
 * blob, and which blobs are on their way. With it a blob is sent once for each destination and mounted
 * everywhere else (design.md, section 1, promise 6). It only keeps the books; `copyBlob` acts.
 */
export interface BlobLedger {
  /** Whether the repository is known to hold the blob. */
  holds(digest: Digest, repository: string): boolean;
  /** Another repository to mount the blob from, if one is known. */
  mountableFrom(digest: Digest, repository: string): string | undefined;
  /** The work that decides whether this repository has to do anything itself; it never rejects. */
  inFlight(digest: Digest, repository: string): Promise<void> | undefined;
  /** Whether the blob is being sent to any repository that this one could mount from afterwards. */
  isBeingSent(digest: Digest): boolean;
  /** Does the work that brings the blob to the repository; until it is done, `inFlight` tells others. */
  track<T>(
    digest: Digest,
    repository: string,
    way: 'mount' | 'send',
    work: () => Promise<T>,
  ): Promise<T>;
  /** Notes that the repository was seen to hold the blob, and how that came about. */
  add(digest: Digest, repository: string, way: 'sent' | 'mounted' | 'present'): void;
  /** Notes that a mount from the repository did not work. */
  distrust(digest: Digest, repository: string): void;
  /** Forgets that the repository holds the blob, since the target denies it. */
  forget(digest: Digest, repository: string): void;
}

/** So many blobs that would not be mounted from where they are, and none that was: the registry does not mount. */
const FAILED_MOUNTS = 3;

/** @param knownBlobs the repositories that hold a blob as far as the locks know. */
export function createBlobLedger(
  knownBlobs: (digest: Digest) => readonly string[] = () => [],
): BlobLedger {
  const heldBy = new Map<string, Set<Digest>>();
  const firstHolder = new Map<Digest, string>();
  const untold = new Set<Digest>();
  const unmountable = new Set<Digest>();
  const underWay = new Map<string, Promise<void>>();
  let hasMounted = false;

  const told = (digest: Digest): readonly string[] =>
    untold.has(digest) ? [] : knownBlobs(digest);
  const isMountable = (digest: Digest): boolean =>
    !unmountable.has(digest) && (hasMounted || unmountable.size < FAILED_MOUNTS);

  function mountableFrom(digest: Digest, repository: string): string | undefined {
    if (!isMountable(digest)) return undefined;
    const first = firstHolder.get(digest);
    if (first !== undefined && first !== repository) return first;
    return told(digest).find((holder) => holder !== repository);
  }

  return {
    mountableFrom,
    holds: (digest, repository) =>
      heldBy.get(repository)?.has(digest) === true || told(digest).includes(repository),
    inFlight(digest, repository) {
      const here = underWay.get(`${digest} ${repository}`);
      if (here !== undefined || !isMountable(digest)) return here;
      return mountableFrom(digest, repository) === undefined ? underWay.get(digest) : undefined;
    },
    isBeingSent: (digest) => isMountable(digest) && underWay.has(digest),
    async track(digest, repository, way, work) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const done = promise.then(() => undefined);
      const keys = [`${digest} ${repository}`, ...(way === 'send' ? [digest] : [])];
      for (const key of keys) underWay.set(key, done);
      try {
        return await work();
      } finally {
        for (const key of keys) if (underWay.get(key) === done) underWay.delete(key);
        resolve(undefined);
      }
    },
    add(digest, repository, way) {
      if (way === 'mounted') hasMounted = true;
      const held = heldBy.get(repository) ?? new Set();
      heldBy.set(repository, held.add(digest));
      if (!firstHolder.has(digest)) firstHolder.set(digest, repository);
    },
    distrust(digest, repository) {
      // A repository that we saw to hold it: the registry does not mount this blob (some never mount), so
      // waiting for another repository's upload would gain nothing.
      if (firstHolder.get(digest) === repository) unmountable.add(digest);
      // One told holder was wrong; trying the others one by one could cost a request each.
      else untold.add(digest);
    },
    forget(digest, repository) {
      heldBy.get(repository)?.delete(digest);
      if (firstHolder.get(digest) === repository) firstHolder.delete(digest);
      untold.add(digest);
    },
  };
}
