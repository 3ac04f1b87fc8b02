/** Waits until the work is done, one way or the other. @throws the signal's reason when it is aborted first. */
export async function untilSettled(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const settled = Promise.withResolvers<undefined>();
  const stop = (): void => {
    settled.resolve(undefined);
  };
  signal.addEventListener('abort', stop, { once: true });
  work.then(stop, stop);
  try {
    await settled.promise;
  } finally {
    signal.removeEventListener('abort', stop);
  }
  signal.throwIfAborted();
}
