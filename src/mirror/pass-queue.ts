/** What the order of a pass depends on. */
export interface QueuedImage {
  readonly id: string;
  /** Lower goes first, where nothing else is said. */
  readonly rank: number;
  /** Starts when these are done, however they ended. Ids that are not in the pass do not count. */
  readonly waitsFor?: readonly string[];
  /** As `waitsFor`; where one of these fails, it is not copied at all. */
  readonly requires?: readonly string[];
}

/** The images of a pass in the order of their start. */
export interface PassQueue<T extends QueuedImage> {
  /** The next image that may start; undefined where all others wait or none is left. */
  next(): T | undefined;
  /** Notes how an image ended; tells which ones cannot be copied because of it. */
  settle(id: string, isThere: boolean): Skipped<T>[];
  /** Those that never started. */
  rest(): T[];
}

export interface Skipped<T> {
  readonly image: T;
  /** What it requires and what failed. */
  readonly failed: readonly string[];
}

/** @throws Error when images wait for each other in a circle, or two have one id: a defect of the caller. */
export function createPassQueue<T extends QueuedImage>(images: readonly T[]): PassQueue<T> {
  const byId = new Map(images.map((image) => [image.id, image]));
  if (byId.size !== images.length) throw new Error('two images of a pass have one id');
  const dependents = new Map<string, T[]>();
  const pending = new Map<T, number>();
  const ready = new Map<number, T[]>();
  const started = new Set<T>();
  const failedOf = new Map<T, string[]>();

  for (const image of images) {
    const before = new Set([...(image.waitsFor ?? []), ...(image.requires ?? [])]);
    const inPass = [...before].filter((id) => byId.has(id));
    for (const id of inPass) {
      const list = dependents.get(id) ?? [];
      list.push(image);
      dependents.set(id, list);
    }
    if (inPass.length === 0) makeReady(image);
    else pending.set(image, inPass.length);
  }
  refuseCircles(images, dependents, pending);
  const ranks = [...new Set(images.map(({ rank }) => rank))].sort((a, b) => a - b);

  function makeReady(image: T): void {
    const list = ready.get(image.rank) ?? [];
    list.push(image);
    ready.set(image.rank, list);
  }

  return {
    next() {
      for (const rank of ranks) {
        const image = ready.get(rank)?.shift();
        if (image === undefined) continue;
        started.add(image);
        return image;
      }
      return undefined;
    },
    settle(id, isThere) {
      const skipped: Skipped<T>[] = [];
      for (const image of dependents.get(id) ?? []) {
        const failed = failedOf.get(image) ?? [];
        if (!isThere && image.requires?.includes(id) === true) failed.push(id);
        failedOf.set(image, failed);
        const left = (pending.get(image) ?? 1) - 1;
        pending.set(image, left);
        if (left > 0) continue;
        pending.delete(image);
        if (failed.length === 0) makeReady(image);
        else {
          started.add(image);
          skipped.push({ image, failed });
        }
      }
      return skipped;
    },
    rest: () => images.filter((image) => !started.has(image)),
  };
}

function refuseCircles<T extends QueuedImage>(
  images: readonly T[],
  dependents: ReadonlyMap<string, readonly T[]>,
  pending: ReadonlyMap<T, number>,
): void {
  const left = new Map(pending);
  const done = images.filter((image) => !left.has(image));
  for (const image of done) {
    for (const dependent of dependents.get(image.id) ?? []) {
      const count = (left.get(dependent) ?? 1) - 1;
      left.set(dependent, count);
      if (count === 0) {
        left.delete(dependent);
        done.push(dependent);
      }
    }
  }
  const [circle] = left.keys();
  if (circle !== undefined) throw new Error(`images wait for each other: ${circle.id}`);
}
