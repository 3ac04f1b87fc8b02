import { expect, it } from 'vitest';
import { hasMissedTick } from './schedule.ts';

it.each([
  {
    expression: '0 3 * * *',
    since: '2026-11-20T02:59:30Z',
    now: '2026-11-20T03:00:10Z',
    missed: true,
  },
  {
    expression: '0 3 * * *',
    since: '2026-11-20T03:00:10Z',
    now: '2026-11-20T23:59:00Z',
    missed: false,
  },
  {
    expression: '0 3 * * *',
    since: '2026-11-20T03:00:10Z',
    now: '2026-11-21T03:00:00Z',
    missed: true,
  },
  {
    expression: '0 4 * * 0',
    since: '2026-11-16T00:00:00Z',
    now: '2026-11-21T12:00:00Z',
    missed: false,
  },
  {
    expression: '0 4 * * 0',
    since: '2026-11-14T00:00:00Z',
    now: '2026-11-21T12:00:00Z',
    missed: true,
  },
  {
    expression: '0 0 1 1 *',
    since: '2026-01-02T00:00:00Z',
    now: '2026-06-01T00:00:00Z',
    missed: true,
  },
])(
  'from $since to $now, $expression missed a tick: $missed',
  ({ expression, since, now, missed }) => {
    expect(hasMissedTick(expression, new Date(since), new Date(now))).toBe(missed);
  },
);
