import { expect, it } from 'vitest';
import type { ProgressEvent } from './progress-sink.ts';
import { shareProgress } from './share-progress.ts';

const START: ProgressEvent = { kind: 'pass-started', images: 1, bytes: 5 };
const END: ProgressEvent = { kind: 'pass-finished' };

it('shows passes that overlap in one display, and the next one in another', () => {
  const displays: string[][] = [];
  const progressOf = shareProgress(() => {
    const events: string[] = [];
    displays.push(events);
    return { report: (event) => events.push('image' in event ? event.image : event.kind) };
  });
  const [a, b] = [progressOf('a'), progressOf('b')];

  a.report(START);
  b.report(START);
  a.report({ kind: 'image-started', image: 'x:1' });
  a.report(END);
  b.report({ kind: 'image-started', image: 'y:1' });
  b.report(END);
  progressOf(undefined).report(START);

  expect(displays).toEqual([
    ['pass-started', 'pass-started', 'a x:1', 'b y:1', 'pass-finished'],
    ['pass-started'],
  ]);
});
