import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** So many bytes are let go of between two collections. */
const BETWEEN = 16 * 1024 * 1024;

let collect: (() => void) | undefined;
let passed = 0;

/**
 * Tells that so many bytes are of no use any more, and has them freed in time. A chunk of a body is a small object with
 * 16 KiB beside the heap: by itself V8 collects the young generation after gigabytes of them, and meanwhile collects
 * everything, 40 times for each GiB, because of the memory beside the heap, which costs a second for each GiB. A parsed
 * document outlives the young generation where many are parsed in a row, and stays until all is collected.
 */
export function noteGarbage(bytes: number): void {
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
