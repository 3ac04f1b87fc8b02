import { formatBytes } from '../base/format-bytes.ts';
import { type ProgressClock, systemClock } from './progress-clock.ts';
import type { ProgressEvent, ProgressSink } from './progress-sink.ts';
import { createProgressTracker, type ProgressSnapshot } from './progress-tracker.ts';
import { formatDuration, printable, summarize } from './render-progress.ts';

export interface ProgressLogOptions {
  /** `text`: lines for people. `json`: one object a line, with fixed names. */
  readonly format: 'text' | 'json';
  /** Milliseconds between two lines about the pass as a whole; default 10,000. */
  readonly intervalMs?: number;
  readonly clock?: ProgressClock;
}

/** Tells a pass in lines, where there is no terminal: at the end of every image, and how far it is now and then. */
export function createProgressLog(
  stream: { write(text: string): unknown },
  { format, intervalMs = 10_000, clock = systemClock }: ProgressLogOptions,
): ProgressSink & Disposable {
  const tracker = createProgressTracker(() => clock.now());
  const sentBy = new Map<string, number>();
  const render = format === 'json' ? jsonLine : textLine;
  let stop: (() => void) | undefined;

  function close(): void {
    stop?.();
    stop = undefined;
  }

  function write(line: Line): void {
    stream.write(`${render(line)}\n`);
  }

  return {
    report(event) {
      tracker.take(event);
      if (event.kind === 'bytes-sent')
        sentBy.set(event.image, (sentBy.get(event.image) ?? 0) + event.bytes);
      if (event.kind === 'pass-started') {
        stop ??= clock.every(intervalMs, () => {
          write({ kind: 'progress', snapshot: tracker.snapshot() });
        });
      }
      if (event.kind === 'pass-finished') close();
      const line = lineOf(event, sentBy, () => tracker.snapshot());
      if (line !== undefined) write(line);
      if ('image' in event && line !== undefined) sentBy.delete(event.image);
    },
    [Symbol.dispose]: close,
  };
}

type Line =
  | { readonly kind: 'progress' | 'finished'; readonly snapshot: ProgressSnapshot }
  | {
      readonly kind: 'image';
      readonly image: string;
      readonly status: string;
      readonly bytesSent: number;
      readonly error?: { readonly code: string; readonly message: string };
    };

function lineOf(
  event: ProgressEvent,
  sentBy: ReadonlyMap<string, number>,
  snapshot: () => ProgressSnapshot,
): Line | undefined {
  if (event.kind === 'pass-finished') return { kind: 'finished', snapshot: snapshot() };
  const status = statusOf(event);
  if (status === undefined || !('image' in event)) return undefined;
  const { image } = event;
  const line = { kind: 'image', image, status, bytesSent: sentBy.get(image) ?? 0 } as const;
  if (event.kind !== 'image-failed') return line;
  return { ...line, error: { code: event.error.code, message: event.error.message } };
}

function statusOf(event: ProgressEvent): string | undefined {
  if (event.kind === 'image-finished') return event.status;
  if (event.kind === 'image-failed') return 'failed';
  return event.kind === 'image-left' ? 'left' : undefined;
}

function textLine(line: Line): string {
  switch (line.kind) {
    case 'progress':
      return summarize(line.snapshot);
    case 'finished':
      return `${summarize(line.snapshot)}, ${formatDuration(line.snapshot.elapsedMs)}`;
    case 'image': {
      const reason = line.error === undefined ? '' : `: ${printable(line.error.message)}`;
      const sent = line.bytesSent > 0 ? ` (${formatBytes(line.bytesSent)} sent)` : '';
      return `${line.status}: ${printable(line.image)}${sent}${reason}`;
    }
    default:
      return line satisfies never;
  }
}

function jsonLine(line: Line): string {
  if (line.kind === 'image') return JSON.stringify(line);
  const { images, bytes, speed, etaMs, elapsedMs } = line.snapshot;
  return JSON.stringify({
    kind: line.kind,
    images,
    bytes,
    bytesPerSecond: Math.round(speed),
    etaMs: etaMs === undefined ? undefined : Math.round(etaMs),
    elapsedMs: Math.round(elapsedMs),
  });
}
