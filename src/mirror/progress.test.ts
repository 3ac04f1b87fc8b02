import { expect, it } from 'vitest';
import { ControllerError } from '../base/controller-error.ts';
import type { ProgressClock } from './progress-clock.ts';
import { createProgressLog } from './progress-log.ts';
import type { ProgressEvent } from './progress-sink.ts';
import { createProgressTracker } from './progress-tracker.ts';
import { formatDuration, renderProgress, summarize } from './render-progress.ts';

const MIB = 1024 * 1024;

it('tells bytes, images, speed over a window and the time that is left', () => {
  const clock = manualClock();
  const tracker = createProgressTracker(() => clock.now());
  tracker.take({ kind: 'pass-started', images: 3, bytes: undefined });
  begin(tracker.take, 'a', 100 * MIB);
  begin(tracker.take, 'b', 20 * MIB);
  tracker.take({ kind: 'bytes-spared', image: 'b', bytes: 20 * MIB });
  tracker.take({ kind: 'image-finished', image: 'b', status: 'copied' });
  for (let second = 0; second < 20; second += 1) {
    clock.advance(1000);
    tracker.take({ kind: 'bytes-sent', image: 'a', bytes: second < 10 ? MIB : 2 * MIB });
  }

  const snapshot = tracker.snapshot();

  expect(snapshot.images).toEqual({ total: 3, done: 1, failed: 0 });
  expect(snapshot.bytes).toEqual({ done: 50 * MIB, total: 120 * MIB, sent: 30 * MIB });
  expect(snapshot.speed / MIB).toBeCloseTo(2, 0);
  expect(snapshot.inFlight).toEqual([{ image: 'a', done: 30 * MIB, total: 100 * MIB }]);
  expect(snapshot.etaMs).toBeCloseTo((70 * MIB * 1000) / snapshot.speed);
});

it('tells no speed and no end while nothing comes', () => {
  const clock = manualClock();
  const tracker = createProgressTracker(() => clock.now());
  begin(tracker.take, 'a', 100);
  tracker.take({ kind: 'bytes-sent', image: 'a', bytes: 50 });
  clock.advance(11_000);

  expect(tracker.snapshot()).toMatchObject({ speed: 0, etaMs: undefined });
});

it('takes back what has to be sent again', () => {
  const tracker = createProgressTracker(() => 0);
  begin(tracker.take, 'a', 10);
  tracker.take({ kind: 'bytes-sent', image: 'a', bytes: 6 });
  tracker.take({ kind: 'bytes-sent', image: 'a', bytes: -6 });

  expect(tracker.snapshot().bytes).toEqual({ done: 0, total: 10, sent: 0 });
});

it('counts what was known before the manifests are read', () => {
  const tracker = createProgressTracker(() => 0);
  tracker.take({ kind: 'pass-started', images: 1, bytes: 1000 });
  expect(tracker.snapshot().bytes.total).toBe(1000);
});

it('draws no line wider than the terminal and no more lines than it has', () => {
  const tracker = createProgressTracker(() => 0);
  tracker.take({ kind: 'pass-started', images: 30, bytes: 10 });
  for (let index = 0; index < 30; index += 1) begin(tracker.take, `${'x'.repeat(200)}${index}`, 5);

  const lines = renderProgress(tracker.snapshot(), { columns: 60, rows: 10 }).split('\n');

  expect(lines.length).toBeLessThan(10);
  for (const line of lines) expect(line.length).toBeLessThan(60);
  expect(lines.at(-1)).toContain('more');
});

it('prints nothing that moves the cursor', () => {
  const tracker = createProgressTracker(() => 0);
  begin(tracker.take, 'a\u001b[2Jb\nc', 5);

  const text = renderProgress(tracker.snapshot(), { columns: 80, rows: 24 });

  expect(text).not.toContain('\u001b');
  expect(text.split('\n')).toHaveLength(3);
});

it.each([
  { ms: 900, text: '1 s' },
  { ms: 59_000, text: '59 s' },
  { ms: 151_000, text: '2 min 31 s' },
  { ms: 11_100_000, text: '3 h 5 min' },
])('writes $ms ms as $text', ({ ms, text }) => {
  expect(formatDuration(ms)).toBe(text);
});

it('summarizes a pass in one line', () => {
  const line = summarize({
    images: { total: 40, done: 12, failed: 1 },
    bytes: { done: 3 * MIB, total: 10 * MIB, sent: 3 * MIB },
    speed: MIB / 2,
    etaMs: 14_000,
    elapsedMs: 0,
    inFlight: [],
  });

  expect(line).toBe('12 / 40 images, 1 failed, 3.0 MiB / 10.0 MiB, 512.0 KiB/s, 14 s left');
});

it('logs every end of an image and how far the pass is every ten seconds', () => {
  const { lines, events, clock } = logOf('text');
  play(events, clock);

  expect(lines).toEqual([
    'copied: a (4.0 MiB sent)',
    '1 / 3 images, 4.0 MiB / 6.0 MiB, 409.6 KiB/s, 5 s left',
    'failed: b: no such image',
    'left: c',
    '1 / 3 images, 1 failed, 4.0 MiB / 4.0 MiB, 409.6 KiB/s, 10 s',
  ]);
  clock.advance(60_000);
  expect(lines).toHaveLength(5);
});

it('logs JSON lines', () => {
  const { lines, events, clock } = logOf('json');
  play(events, clock);

  const parsed = lines.map((line) => JSON.parse(line) as { kind: string });
  expect(parsed.map(({ kind }) => kind)).toEqual([
    'image',
    'progress',
    'image',
    'image',
    'finished',
  ]);
  expect(parsed[0]).toEqual({ kind: 'image', image: 'a', status: 'copied', bytesSent: 4 * MIB });
  expect(parsed[2]).toMatchObject({ error: { code: 'REGISTRY_NOT_FOUND' } });
});

function play(report: (event: ProgressEvent) => void, clock: ManualClock): void {
  report({ kind: 'pass-started', images: 3, bytes: undefined });
  begin(report, 'a', 4 * MIB);
  report({ kind: 'bytes-sent', image: 'a', bytes: 4 * MIB });
  report({ kind: 'image-finished', image: 'a', status: 'copied' });
  begin(report, 'b', 2 * MIB);
  clock.advance(10_000);
  const error = new ControllerError('REGISTRY_NOT_FOUND', 'no such image', {
    remedy: 'wait-for-change',
  });
  report({ kind: 'image-failed', image: 'b', error });
  report({ kind: 'image-left', image: 'c' });
  report({ kind: 'pass-finished' });
}

function begin(report: (event: ProgressEvent) => void, image: string, bytes: number): void {
  report({ kind: 'image-started', image });
  report({ kind: 'image-read', image, bytes });
}

function logOf(format: 'text' | 'json'): {
  lines: string[];
  events: (event: ProgressEvent) => void;
  clock: ManualClock;
} {
  const lines: string[] = [];
  const clock = manualClock();
  const write = (text: string): number => lines.push(text.trimEnd());
  const log = createProgressLog({ write }, { format, clock });
  return {
    lines,
    clock,
    events: (event) => {
      log.report(event);
    },
  };
}

interface ManualClock extends ProgressClock {
  advance(ms: number): void;
}

function manualClock(): ManualClock {
  const timers = new Set<{ intervalMs: number; work: () => void; next: number }>();
  let time = 0;
  return {
    now: () => time,
    every(intervalMs, work) {
      const timer = { intervalMs, work, next: time + intervalMs };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      time += ms;
      for (const timer of timers) {
        for (; timer.next <= time; timer.next += timer.intervalMs) timer.work();
      }
    },
  };
}
