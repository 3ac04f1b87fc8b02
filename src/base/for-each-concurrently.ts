/**
 * Runs `work` for every item, at most `limit` at a time, in the order of the items. Bounded, owned,
 * fail-fast: the first failure aborts the signal the others were given, no further item starts, and it
 * is rethrown once every started call has settled (style.md, section 8). Callers that collect failures
 * catch inside `work`.
 */
export async function forEachConcurrently<T>(
  items: Iterable<T>,
  { limit, signal }: { readonly limit: number; readonly signal: AbortSignal },
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failure = new AbortController();
  const both = AbortSignal.any([signal, failure.signal]);
  const iterator = items[Symbol.iterator]();
  let first: { readonly error: unknown } | undefined;

  async function worker(): Promise<void> {
    while (!both.aborted) {
      const next = iterator.next();
      if (next.done === true) return;
      try {
        await work(next.value, both);
      } catch (error) {
        first ??= { error };
        failure.abort(error);
        return;
      }
    }
  }

  await Promise.all(Array.from({ length: Math.max(1, limit) }, worker));
  if (first !== undefined) throw first.error;
  signal.throwIfAborted();
}
