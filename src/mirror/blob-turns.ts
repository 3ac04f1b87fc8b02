import type { Digest } from '../oci/digest.ts';

/**
 * Which of several images sends a blob that they share: the one that started first, not the one that comes to it
 * first. So a pass that goes on after a kill sends through the same repositories as the one before, and finds there
 * what that one sent; by chance it would look for it elsewhere, and send it again (design.md, section 1, promise 4).
 */
export interface BlobTurns {
  /** An image starts that is going to bring these blobs to the scope. */
  start(image: string, scope: string, blobs: readonly Digest[]): void;
  /** The image has come to the blob. */
  arrive(image: string, scope: string, digest: Digest): void;
  /** The image has ended, whatever it came to. */
  end(image: string): void;
  /** What an image that would send the blob has to wait for: one that started before it comes to the blob, or ends. */
  earlier(image: string, scope: string, digest: Digest): Promise<void> | undefined;
}

interface Turn {
  readonly number: number;
  readonly keys: readonly string[];
}

interface Waiting {
  readonly number: number;
  readonly over: PromiseWithResolvers<undefined>;
}

export function createBlobTurns(): BlobTurns {
  const turns = new Map<string, Turn>();
  const waitedFor = new Map<string, Map<string, Waiting>>();
  let started = 0;

  function leave(image: string, key: string): void {
    const images = waitedFor.get(key);
    images?.get(image)?.over.resolve(undefined);
    images?.delete(image);
    if (images?.size === 0) waitedFor.delete(key);
  }

  return {
    start(image, scope, blobs) {
      started += 1;
      const keys = blobs.map((digest) => keyOf(scope, digest));
      turns.set(image, { number: started, keys });
      for (const key of keys) {
        const images = waitedFor.get(key) ?? new Map<string, Waiting>();
        images.set(image, { number: started, over: Promise.withResolvers() });
        waitedFor.set(key, images);
      }
    },
    arrive(image, scope, digest) {
      leave(image, keyOf(scope, digest));
    },
    end(image) {
      for (const key of turns.get(image)?.keys ?? []) leave(image, key);
      turns.delete(image);
    },
    earlier(image, scope, digest) {
      const own = turns.get(image)?.number;
      if (own === undefined) return undefined;
      for (const { number, over } of waitedFor.get(keyOf(scope, digest))?.values() ?? []) {
        if (number < own) return over.promise.then(() => undefined);
      }
      return undefined;
    },
  };
}

function keyOf(scope: string, digest: Digest): string {
  return `${digest} ${scope}`;
}
