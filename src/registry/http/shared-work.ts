/**
 * Work that several callers wait for is done once. It is aborted when the last of them has gone, so one
 * caller's abort never fails another. Results are not kept: what has ended is done anew.
 */
export interface SharedWork<T> {
  run(key: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>;
}

interface Running<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  waiters: number;
}

export function createSharedWork<T>(): SharedWork<T> {
  const runningByKey = new Map<string, Running<T>>();

  function start(key: string, work: (signal: AbortSignal) => Promise<T>): Running<T> {
    const controller = new AbortController();
    const running: Running<T> = { result: work(controller.signal), controller, waiters: 0 };
    runningByKey.set(key, running);
    const end = (): void => {
      if (runningByKey.get(key) === running) runningByKey.delete(key);
    };
    running.result.then(end, end);
    return running;
  }

  return {
    async run(key, work, signal) {
      signal.throwIfAborted();
      const running = runningByKey.get(key) ?? start(key, work);
      running.waiters += 1;
      const gone = Promise.withResolvers<never>();
      const leave = (): void => {
        gone.reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      try {
        return await Promise.race([running.result, gone.promise]);
      } finally {
        signal.removeEventListener('abort', leave);
        running.waiters -= 1;
        if (running.waiters === 0) {
          if (runningByKey.get(key) === running) runningByKey.delete(key);
          running.controller.abort();
        }
      }
    },
  };
}
