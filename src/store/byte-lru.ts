/** Values up to a sum of bytes; what was used longest ago goes first. */
export interface ByteLru<T> {
  /** The value, which now counts as just used. */
  get(key: string): T | undefined;
  /** Keeps a value. One that is larger than the limit is not kept. */
  set(key: string, value: T, bytes: number): void;
}

/** @param evicted is told every value that had to go. */
export function createByteLru<T>(limitBytes: number, evicted?: (value: T) => void): ByteLru<T> {
  // A Map iterates in the order of insertion, so putting an entry in again makes it the youngest.
  const entries = new Map<string, { readonly value: T; readonly bytes: number }>();
  let held = 0;

  function remove(key: string): void {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    held -= entry.bytes;
  }

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, bytes) {
      remove(key);
      entries.set(key, { value, bytes });
      held += bytes;
      for (const [oldest, entry] of entries) {
        if (held <= limitBytes) return;
        remove(oldest);
        evicted?.(entry.value);
      }
    },
  };
}
