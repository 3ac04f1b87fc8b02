import { expect, it } from 'vitest';
import { formatField } from './field-path.ts';
import { formatProblem, formatProblems } from './field-problem.ts';

const position = { path: 'a.yaml', line: 3, column: 7 };

it.each([
  { path: [], text: '' },
  {
    path: ['mirror', 'additionalImages', 3, 'targetRepo'],
    text: 'mirror.additionalImages[3].targetRepo',
  },
  { path: ['a.b', 'c'], text: '"a.b".c' },
])('writes $text', ({ path, text }) => {
  expect(formatField(path)).toBe(text);
});

it('writes a problem on one line, whatever is in it', () => {
  const problem = {
    position,
    field: 'a',
    message: 'bad "\u001b[31m\n\u2028x\u202e"',
    hint: 'do this',
  };

  expect(formatProblem(problem)).toBe(
    String.raw`a.yaml:3:7: a: bad "\u{1b}[31m\u{a}\u{2028}x\u{202e}" (do this)`,
  );
  expect(formatProblem({ position, field: '', message: 'bad' })).toBe('a.yaml:3:7: bad');
});

it('shows a hundred problems and counts the rest', () => {
  const lines = formatProblems(Array(150).fill({ position, field: '', message: 'bad' })).split(
    '\n',
  );

  expect(lines).toHaveLength(101);
  expect(lines.at(-1)).toBe('and 50 more');
});
