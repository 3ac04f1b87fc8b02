/** The time, and something that happens again and again; passed in, so that tests need not wait. */
export interface ProgressClock {
  /** Milliseconds; only differences mean something. */
  now(): number;
  /** Calls `work` every so many milliseconds until the returned function is called; keeps no process alive. */
  every(intervalMs: number, work: () => void): () => void;
}

export const systemClock: ProgressClock = {
  now: () => performance.now(),
  every(intervalMs, work) {
    const timer = setInterval(work, intervalMs);
    timer.unref();
    return () => {
      clearInterval(timer);
    };
  },
};
