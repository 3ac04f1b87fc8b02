import { expect, it } from 'vitest';
import { pathSegments } from './folder-path.ts';

it.each([
  ['.', []],
  ['', []],
  ['./', []],
  ['clusters/prod', ['clusters', 'prod']],
  ['./clusters/prod/', ['clusters', 'prod']],
])('reads %j', (path, segments) => {
  expect(pathSegments(path)).toEqual(segments);
});

it.each(['..', 'a/../b', '/etc', 'a//b', '.git/hooks', 'a/.GIT', 'a\\b', 'a\nb', 'a/.'])(
  'refuses %j',
  (path) => {
    expect(() => pathSegments(path)).toThrow(expect.objectContaining({ code: 'GIT_INVALID' }));
  },
);
