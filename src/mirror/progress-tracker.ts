import type { ProgressEvent } from './progress-sink.ts';

/** How far a pass is. Bytes are those of blobs. */
export interface ProgressSnapshot {
  readonly images: { readonly total: number; readonly done: number; readonly failed: number };
  /** Bytes that are there, of those known to be needed; the total grows while manifests are read, unless it was known. */
  readonly bytes: { readonly done: number; readonly total: number; readonly sent: number };
  /** Bytes per second that were sent lately. */
  readonly speed: number;
  /** Milliseconds until the known bytes are there; undefined while that cannot be told. */
  readonly etaMs: number | undefined;
  readonly elapsedMs: number;
  /** Images under way, the longest first. */
  readonly inFlight: readonly ImageProgress[];
}

export interface ImageProgress {
  readonly image: string;
  readonly done: number;
  /** Undefined until its manifests are read. */
  readonly total: number | undefined;
}

export interface ProgressTracker {
  readonly take: (event: ProgressEvent) => void;
  readonly snapshot: () => ProgressSnapshot;
}

const SPEED_WINDOW_MS = 10_000;
/** So long a pass has to run before a speed means something. */
const SHORTEST_MS = 1000;

/** Adds up what is reported. @param now milliseconds. */
export function createProgressTracker(now: () => number): ProgressTracker {
  const inFlight = new Map<string, { done: number; total: number | undefined }>();
  /** Bytes sent in each second of the window, the oldest first. */
  let samples: { at: number; bytes: number }[] = [];
  let startedAt = now();
  const images = { total: 0, done: 0, failed: 0 };
  const bytes = { done: 0, sent: 0, read: 0, known: undefined as number | undefined };

  function move(image: string, count: number): void {
    bytes.done += count;
    const progress = inFlight.get(image);
    if (progress !== undefined) progress.done += count;
  }

  function sample(count: number): void {
    const at = now();
    const last = samples.at(-1);
    if (last !== undefined && at - last.at < 1000) last.bytes += count;
    else samples.push({ at, bytes: count });
    samples = samples.filter((one) => at - one.at <= SPEED_WINDOW_MS);
  }

  function end(image: string): void {
    inFlight.delete(image);
  }

  /** What did not come is not waited for any longer. */
  function giveUp(image: string): void {
    const progress = inFlight.get(image);
    const left = (progress?.total ?? 0) - (progress?.done ?? 0);
    bytes.read -= Math.max(0, left);
    if (bytes.known !== undefined) bytes.known -= Math.max(0, left);
    end(image);
  }

  function speed(): number {
    const at = now();
    const recent = samples.filter((one) => at - one.at <= SPEED_WINDOW_MS);
    const sum = recent.reduce((total, one) => total + one.bytes, 0);
    const window = Math.max(SHORTEST_MS, Math.min(SPEED_WINDOW_MS, at - startedAt));
    return Math.max(0, (sum * 1000) / window);
  }

  return {
    take(event) {
      switch (event.kind) {
        case 'pass-started':
          startedAt = now();
          images.total += event.images;
          // Passes that run side by side add up.
          bytes.known = event.bytes === undefined ? bytes.known : (bytes.known ?? 0) + event.bytes;
          return;
        case 'image-started':
          inFlight.set(event.image, { done: 0, total: undefined });
          return;
        case 'image-read': {
          bytes.read += event.bytes;
          const progress = inFlight.get(event.image);
          if (progress !== undefined) progress.total = event.bytes;
          return;
        }
        case 'bytes-sent':
          bytes.sent += event.bytes;
          sample(event.bytes);
          move(event.image, event.bytes);
          return;
        case 'bytes-spared':
          move(event.image, event.bytes);
          return;
        case 'image-finished':
          images.done += 1;
          end(event.image);
          return;
        case 'image-failed':
          images.failed += 1;
          giveUp(event.image);
          return;
        case 'image-left':
          giveUp(event.image);
          return;
        case 'pass-finished':
          inFlight.clear();
          return;
        default:
          event satisfies never;
      }
    },
    snapshot() {
      const total = Math.max(bytes.known ?? 0, bytes.read, bytes.done);
      const perSecond = speed();
      const left = total - bytes.done;
      return {
        images: { ...images },
        bytes: { done: bytes.done, total, sent: bytes.sent },
        speed: perSecond,
        etaMs: left > 0 && perSecond > 0 ? (left * 1000) / perSecond : undefined,
        elapsedMs: now() - startedAt,
        inFlight: [...inFlight].map(([image, progress]) => ({ image, ...progress })),
      };
    },
  };
}
