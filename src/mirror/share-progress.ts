import type { ProgressSink } from './progress-sink.ts';

/**
 * Lets passes that run side by side (one for each registry) share one display: a display is opened when the first of
 * them starts, and closed when the last is finished. Images are prefixed with the pass's name, if it has one.
 */
export function shareProgress(
  open: () => ProgressSink,
): (name: string | undefined) => ProgressSink {
  let sink: ProgressSink | undefined;
  let running = 0;
  return (name) => ({
    report(event) {
      if (event.kind === 'pass-started') {
        running += 1;
        sink ??= open();
        sink.report(event);
        return;
      }
      if (event.kind === 'pass-finished') {
        running -= 1;
        if (running > 0) return;
        sink?.report(event);
        sink = undefined;
        return;
      }
      sink?.report(name === undefined ? event : { ...event, image: `${name} ${event.image}` });
    },
  });
}
