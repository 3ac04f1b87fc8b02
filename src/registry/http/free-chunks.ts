import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** So many bytes of chunks are let go of between two collections. */
const BETWEEN = 16 * 1024 * 1024;

let collect: (() => void) | undefined;
let passed = 0;

/**
 * Tells that chunks of so many bytes have been passed on, and has their memory freed in time. A chunk is a small
 * object with 16 KiB beside the heap: by itself V8 collects the young generation after gigabytes of them, and meanwhile
 * collects everything, 40 times for each GiB, because of the memory beside the heap. That costs a second for each GiB.
 */
export function noteChunk(bytes: number): void {
  passed += bytes;
  if (passed < BETWEEN) return;
  passed = 0;
  collect ??= makeCollect();
  collect();
}

/** The young generation alone: takes a millisecond. */
function makeCollect(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext("() => gc({ type: 'minor' })") as () => void;
}
