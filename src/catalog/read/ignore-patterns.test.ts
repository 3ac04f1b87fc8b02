import { expect, it } from 'vitest';
import { isIgnored, parseIgnorePatterns } from './ignore-patterns.ts';

it.each([
  {
    pattern: 'README.md',
    ignored: ['README.md', 'a/b/README.md'],
    kept: ['README.md2', 'xREADME.md'],
  },
  { pattern: '/README.md', ignored: ['README.md'], kept: ['a/README.md'] },
  { pattern: 'a/b', ignored: ['a/b', 'a/b/c'], kept: ['x/a/b'] },
  { pattern: '*.md', ignored: ['x.md', '.md', 'a/y.md'], kept: ['x.mdx', 'md'] },
  { pattern: 'a/*', ignored: ['a/b', 'a/b/c'], kept: ['a', 'b/a'] },
  { pattern: 'docs/', ignored: ['docs/x', 'a/docs/y/z'], kept: ['docs', 'a/docs'] },
  { pattern: '**/x', ignored: ['x', 'a/x', 'a/b/x'], kept: ['ax'] },
  { pattern: 'a/**', ignored: ['a/x', 'a/b/c'], kept: ['a', 'x/a/b'] },
  { pattern: 'a/**/b', ignored: ['a/b', 'a/x/b', 'a/x/y/b'], kept: ['a/x', 'b'] },
  { pattern: 'x?z', ignored: ['xyz', 'x-z'], kept: ['xz', 'x/z', 'xyyz'] },
  { pattern: '[a-c]x', ignored: ['ax', 'cx'], kept: ['dx', '-x'] },
  { pattern: '[!a-c]x', ignored: ['dx'], kept: ['ax'] },
  { pattern: '[]]x', ignored: [']x'], kept: ['[x'] },
  { pattern: 'x[', ignored: ['x['], kept: ['x'] },
  { pattern: '\\#x', ignored: ['#x'], kept: ['x', '\\#x'] },
  { pattern: '\\!x', ignored: ['!x'], kept: ['x'] },
  { pattern: 'a\\*b', ignored: ['a*b'], kept: ['axb'] },
  { pattern: '# x', ignored: [], kept: ['# x', 'x'] },
  { pattern: 'x  ', ignored: ['x'], kept: ['x  '] },
  { pattern: 'x\\ ', ignored: ['x '], kept: ['x'] },
  { pattern: '', ignored: [], kept: ['x', ''] },
  { pattern: '*.md\n!keep.md', ignored: ['x.md', 'a/x.md'], kept: ['keep.md', 'a/keep.md'] },
  { pattern: 'docs\n!docs/x.md', ignored: ['docs/x.md'], kept: ['x.md'] },
  { pattern: 'x.md\r\ny.md\r\n', ignored: ['x.md', 'y.md'], kept: [] },
])('leaves out $ignored and keeps $kept by $pattern', ({ pattern, ignored, kept }) => {
  const patterns = parseIgnorePatterns(pattern, '');

  expect(ignored.filter((path) => !isIgnored(path, patterns))).toEqual([]);
  expect(kept.filter((path) => isIgnored(path, patterns))).toEqual([]);
});

it('counts patterns of a directory for what is below it', () => {
  const patterns = parseIgnorePatterns('/x\ny', 'a');

  expect(isIgnored('a/x', patterns)).toBe(true);
  expect(isIgnored('a/b/y', patterns)).toBe(true);
  expect(isIgnored('x', patterns)).toBe(false);
  expect(isIgnored('b/y', patterns)).toBe(false);
  expect(isIgnored('a/b/x', patterns)).toBe(false);
});

it('lets the inner directory have the last word', () => {
  const patterns = [...parseIgnorePatterns('*.md', ''), ...parseIgnorePatterns('!x.md', 'a')];

  expect(isIgnored('a/x.md', patterns)).toBe(false);
  expect(isIgnored('b/x.md', patterns)).toBe(true);
});

it('takes no time for patterns that are made to take it', () => {
  const patterns = parseIgnorePatterns(`${'*a'.repeat(100)}b\n${'**/a/'.repeat(100)}b`, '');

  expect(isIgnored('a'.repeat(250), patterns)).toBe(false);
  expect(isIgnored(`${'a/'.repeat(63)}x`, patterns)).toBe(false);
});
