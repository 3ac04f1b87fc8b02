/** Work of one key is done one after the other, in the order in which it came; keys do not wait for each other. */
export interface OneAtATime {
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
}

export function createOneAtATime(): OneAtATime {
  const lastByKey = new Map<string, Promise<unknown>>();
  return {
    async run(key, work) {
      const before = lastByKey.get(key);
      const { promise, resolve } = Promise.withResolvers<undefined>();
      lastByKey.set(key, promise);
      try {
        await before;
        return await work();
      } finally {
        if (lastByKey.get(key) === promise) lastByKey.delete(key);
        resolve(undefined);
      }
    },
  };
}
