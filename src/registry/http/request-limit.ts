/** What a finished request says about the host: `throttled` is a 429. */
export type Outcome = 'succeeded' | 'throttled' | 'failed';

export interface Slot {
  /** Gives the slot back. Only the first call counts. */
  release(outcome: Outcome): void;
}

export interface RequestLimit {
  /** Waits for its turn, in the order of calls. */
  acquire(signal: AbortSignal): Promise<Slot>;
  /** Most requests in flight at the moment. */
  readonly current: number;
}

interface Waiter {
  readonly start: () => void;
}

/**
 * A limit on the requests in flight to one host that adapts as TCP does: it starts at `most`, halves when
 * the host says 429, and grows by one after a round of successes.
 */
export function createRequestLimit(most: number): RequestLimit {
  const waiting = new Set<Waiter>();
  let limit = Math.max(1, most);
  let inFlight = 0;
  let successes = 0;
  // Requests that were sent before the last halving say nothing about the new limit.
  let round = 0;

  function open(): Slot {
    const openedIn = round;
    let isOpen = true;
    inFlight += 1;
    return {
      release(outcome) {
        if (!isOpen) return;
        isOpen = false;
        inFlight -= 1;
        learn(outcome, openedIn);
        startWaiting();
      },
    };
  }

  function learn(outcome: Outcome, openedIn: number): void {
    if (outcome === 'throttled' && openedIn === round) {
      limit = Math.max(1, Math.floor(limit / 2));
      successes = 0;
      round += 1;
    }
    if (outcome !== 'succeeded' || limit >= most) return;
    successes += 1;
    if (successes < limit) return;
    limit += 1;
    successes = 0;
  }

  function startWaiting(): void {
    for (const waiter of waiting) {
      if (inFlight >= limit) return;
      waiting.delete(waiter);
      waiter.start();
    }
  }

  return {
    get current() {
      return limit;
    },
    async acquire(signal) {
      signal.throwIfAborted();
      if (inFlight < limit) return open();
      return await new Promise<Slot>((resolve, reject) => {
        const waiter = {
          start: () => {
            signal.removeEventListener('abort', abandon);
            resolve(open());
          },
        };
        function abandon(): void {
          waiting.delete(waiter);
          reject(signal.reason as Error);
        }
        signal.addEventListener('abort', abandon, { once: true });
        waiting.add(waiter);
      });
    },
  };
}
