import { expect, it } from 'vitest';
import { branchRef, isRefName } from './git-ref.ts';

it.each(['main', 'release/4.18', 'feature/äöü', 'a.b', 'refs/pull/7/head', 'a@b', 'a-'])(
  'takes %s for a name of a branch',
  (name) => {
    expect(isRefName(name)).toBe(true);
  },
);

it.each([
  ...[
    '',
    '-x',
    '--all',
    'a..b',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    '[a',
    'a\\b',
    'a\nb',
    'a\u007f',
  ],
  ...[
    '/a',
    'a/',
    'a//b',
    '.a',
    'a/.b',
    'a.lock',
    'a.lock/b',
    'a.',
    '@',
    'a@{1}',
    'HEAD',
    'x'.repeat(1001),
  ],
])('does not take %j for a name of a branch', (name) => {
  expect(isRefName(name)).toBe(false);
  expect(() => branchRef(name)).toThrow(expect.objectContaining({ code: 'GIT_INVALID' }));
});
