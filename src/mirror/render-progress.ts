import { formatBytes } from '../base/format-bytes.ts';
import type { ProgressSnapshot } from './progress-tracker.ts';

const SHOWN_IMAGES = 8;
const BAR_WIDTH = 24;

/**
 * The live display as text: two lines for the pass, one for each image under way. No line is wider than the terminal,
 * or it would wrap and the display would not be drawn over itself.
 */
export function renderProgress(
  snapshot: ProgressSnapshot,
  size: { readonly columns: number; readonly rows: number },
): string {
  const { bytes, inFlight } = snapshot;
  const shown = inFlight.slice(0, Math.max(0, Math.min(SHOWN_IMAGES, size.rows - 4)));
  const more = inFlight.length - shown.length;
  const lines = [
    `${bar(bytes.done, bytes.total)} ${byteParts(snapshot).join(', ')}`,
    imageParts(snapshot).join(', '),
    ...shown.map(({ image, done, total }) => {
      const part = total === undefined ? 'reading' : `${formatBytes(done)} / ${formatBytes(total)}`;
      return `  ${part.padEnd(23)} ${printable(image)}`;
    }),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
  return lines.map((line) => cut(line, size.columns - 1)).join('\n');
}

/** How far a pass is, in one line: `12 / 40 images, 1 failed, 3.4 GiB / 10.2 GiB, 45.0 MiB/s, 2 min 31 s left`. */
export function summarize(snapshot: ProgressSnapshot): string {
  return [...imageParts(snapshot), ...byteParts(snapshot)].join(', ');
}

function imageParts({ images }: ProgressSnapshot): string[] {
  const failed = images.failed > 0 ? [`${images.failed} failed`] : [];
  return [`${images.done} / ${images.total} images`, ...failed];
}

function byteParts({ bytes, speed, etaMs }: ProgressSnapshot): string[] {
  return [
    `${formatBytes(bytes.done)} / ${formatBytes(bytes.total)}`,
    `${formatBytes(Math.round(speed))}/s`,
    ...(etaMs === undefined ? [] : [`${formatDuration(etaMs)} left`]),
  ];
}

/** Milliseconds for people: `9 s`, `2 min 31 s`, `3 h 5 min`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Names come from outside: what would move the cursor is not printed. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?');
}

function bar(done: number, total: number): string {
  const share = total === 0 ? 0 : Math.min(1, done / total);
  const full = Math.floor(share * BAR_WIDTH);
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}]${percent}`;
}

function cut(line: string, width: number): string {
  const characters = Array.from(line);
  return characters.length <= width
    ? line
    : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}
