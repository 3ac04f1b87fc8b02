import { describe, expect, it } from 'vitest';
import { parseRange } from './blobs.ts';

describe('parseRange of 10 bytes', () => {
  it.each([
    [undefined, undefined],
    ['bytes=0-3', { start: 0, end: 3 }],
    ['bytes=4-', { start: 4, end: 9 }],
    ['bytes=4-100', { start: 4, end: 9 }],
    ['bytes=9-9', { start: 9, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-100', { start: 0, end: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-3', undefined],
    ['bytes=-', undefined],
    ['bytes=0-1,3-4', undefined],
    ['items=0-3', undefined],
    ['bytes=a-b', undefined],
    [`bytes=${'9'.repeat(20)}-`, undefined],
  ])('reads %j as %j', (header, range) => {
    expect(parseRange(header, 10)).toEqual(range);
  });

  it('finds nothing in an empty blob', () => {
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable');
  });
});
