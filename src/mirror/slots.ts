/** A limit on what happens at once, first come, first served. */
export interface Slots {
  /** Waits for a slot and works in it. @throws the signal's reason when aborted while waiting. */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export function createSlots(limit: number): Slots {
  const waiting = new Set<() => void>();
  let free = Math.max(1, limit);

  async function acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (free > 0) {
      free -= 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const turn = (): void => {
      resolve(undefined);
    };
    const stop = (): void => {
      // A slot that was just handed over is taken: the work sees the abort itself, and gives it back.
      if (waiting.delete(turn)) reject(signal.reason as Error);
    };
    waiting.add(turn);
    signal.addEventListener('abort', stop, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  function release(): void {
    // A Set iterates in the order of insertion.
    const [next] = waiting;
    if (next === undefined) {
      free += 1;
      return;
    }
    waiting.delete(next);
    next();
  }

  return {
    async run(signal, work) {
      await acquire(signal);
      try {
        return await work();
      } finally {
        release();
      }
    },
  };
}
