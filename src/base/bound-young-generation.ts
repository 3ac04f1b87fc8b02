import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8's young generation as large as it is now, a few tens of MiB once the program is loaded. By itself it grows
 * while much survives, as when thousands of lines are read, to 96 MiB and more of which nearly all is garbage; a
 * larger one saves no CPU. It has no effect on what the heap may hold.
 */
export function boundYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
