import { createLogUpdate } from 'log-update';
import { type ProgressClock, systemClock } from './progress-clock.ts';
import type { ProgressSink } from './progress-sink.ts';
import { createProgressTracker } from './progress-tracker.ts';
import { formatDuration, printable, renderProgress, summarize } from './render-progress.ts';

const FRAME_MS = 200;

export interface ProgressDisplay extends ProgressSink, Disposable {
  /** Prints lines above the display, e.g. of a log that goes to the same terminal. */
  print(text: string): void;
}

/**
 * Shows a pass on a terminal: bytes, images, speed, the time that is left, the images under way; failures stay
 * above as lines. Disposing takes the display away; it can be done at any time, and twice.
 */
export function createProgressDisplay(
  terminal: NodeJS.WriteStream,
  clock: ProgressClock = systemClock,
): ProgressDisplay {
  const tracker = createProgressTracker(() => clock.now());
  const update = createLogUpdate(terminal);
  let stop: (() => void) | undefined;

  function draw(): void {
    // A terminal that does not tell its size has 0 or none.
    const columns = terminal.columns > 0 ? terminal.columns : 80;
    const rows = terminal.rows > 0 ? terminal.rows : 24;
    update(renderProgress(tracker.snapshot(), { columns, rows }));
  }

  function print(text: string): void {
    update.clear();
    terminal.write(text.endsWith('\n') ? text : `${text}\n`);
    if (stop !== undefined) draw();
  }

  function close(): void {
    if (stop === undefined) return;
    stop();
    stop = undefined;
    update.clear();
    update.done();
  }

  return {
    report(event) {
      tracker.take(event);
      if (event.kind === 'pass-started') {
        stop ??= clock.every(FRAME_MS, draw);
        draw();
      } else if (event.kind === 'image-failed') {
        print(`failed: ${printable(event.image)}: ${printable(event.error.message)}`);
      } else if (event.kind === 'pass-finished') {
        close();
        const snapshot = tracker.snapshot();
        print(`${summarize(snapshot)}, ${formatDuration(snapshot.elapsedMs)}`);
      }
    },
    print,
    [Symbol.dispose]: close,
  };
}
