/** Why a controller wakes up. */
export type WakeUp = 'start' | 'poll' | 'resync' | 'verify' | 'retry' | 'request';

/** Collects reasons to run a pass while one runs, so that passes never overlap and nothing is forgotten. */
export interface WakeUps {
  add(reason: WakeUp): void;
  /** Waits for at least one reason, and takes all of them. @throws the signal's reason */
  next(signal: AbortSignal): Promise<ReadonlySet<WakeUp>>;
}

export function createWakeUps(): WakeUps {
  let reasons = new Set<WakeUp>();
  let notify: () => void = () => undefined;
  return {
    add(reason) {
      reasons.add(reason);
      notify();
    },
    async next(signal) {
      signal.throwIfAborted();
      if (reasons.size === 0) {
        await new Promise<void>((resolve, reject) => {
          const abandon = (): void => {
            reject(signal.reason as Error);
          };
          signal.addEventListener('abort', abandon, { once: true });
          notify = () => {
            signal.removeEventListener('abort', abandon);
            resolve();
          };
        });
      }
      const taken = reasons;
      reasons = new Set();
      notify = () => undefined;
      return taken;
    },
  };
}
