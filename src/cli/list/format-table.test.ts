import { expect, it } from 'vitest';
import { formatTable } from './format-table.ts';

it('pads every cell but the last of its row to the widest of its column and two more', () => {
  expect(
    formatTable([
      ['NAME', 'DISPLAY NAME', 'DEFAULT CHANNEL'],
      ['bar', '', 'stable'],
      ['a-long-one', 'Ü', 'beta'],
    ]),
  ).toBe(
    [
      'NAME        DISPLAY NAME  DEFAULT CHANNEL',
      'bar                       stable',
      'a-long-one  Ü             beta',
      '',
    ].join('\n'),
  );
});

it('shows what would move the cursor as a question mark', () => {
  expect(formatTable([['a\u001B[2J\nb\u202Ec']])).toBe('a?[2J?b?c\n');
});

it('has nothing to say about nothing', () => {
  expect(formatTable([])).toBe('');
});
