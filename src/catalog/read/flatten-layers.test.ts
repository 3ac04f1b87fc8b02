import { expect, it } from 'vitest';
import { flattenLayers } from './flatten-layers.ts';
import type { LayerContent } from './layer-content.ts';
import { type LayerMark, markOf } from '../../layer/layer-path.ts';
import type { TarKind } from '../../layer/tar-header.ts';

it.each([
  {
    what: 'an upper file hides a lower one',
    layers: [['c/x'], ['c/x', 'c/y']],
    seen: ['x 0', 'y 1'],
  },
  { what: 'a file hides a directory', layers: [['c/a'], ['c/a/x']], seen: ['a 0'] },
  { what: 'a directory hides a file', layers: [['c/a/'], ['c/a']], seen: [] },
  {
    what: 'a directory without an entry hides a file',
    layers: [['c/a/b/x'], ['c/a', 'c/a/b']],
    seen: ['a/b/x 0'],
  },
  {
    what: 'directories are merged',
    layers: [
      ['c/a/', 'c/a/x'],
      ['c/a/', 'c/a/y'],
    ],
    seen: ['a/x 0', 'a/y 1'],
  },
  { what: 'a link hides a file', layers: [['c/x@'], ['c/x']], seen: [] },
  { what: 'a link hides a directory', layers: [['c/a@'], ['c/a/x', 'c/b']], seen: ['b 1'] },
  { what: 'a link in place of the folder hides all', layers: [['c@'], ['c/x']], seen: [] },
  { what: 'a whiteout hides a file', layers: [['c/.wh.x'], ['c/x', 'c/y']], seen: ['y 1'] },
  {
    what: 'a whiteout hides a directory',
    layers: [['c/.wh.a'], ['c/a/b/x', 'c/ab']],
    seen: ['ab 1'],
  },
  { what: 'a whiteout of the folder hides all', layers: [['.wh.c'], ['c/x']], seen: [] },
  {
    what: 'a whiteout is about lower layers alone',
    layers: [['c/.wh.x', 'c/x'], ['c/x']],
    seen: ['x 0'],
  },
  {
    what: 'an opaque directory hides what is in it',
    layers: [
      ['c/a/.wh..wh..opq', 'c/a/y'],
      ['c/a/x', 'c/b'],
    ],
    seen: ['a/y 0', 'b 1'],
  },
  {
    what: 'an opaque folder hides all',
    layers: [['c/.wh..wh..opq', 'c/y'], ['c/x']],
    seen: ['y 0'],
  },
  { what: 'an opaque root hides all', layers: [['.wh..wh..opq'], ['c/x']], seen: [] },
  {
    what: 'what was hidden comes back above',
    layers: [['c/x'], ['c/.wh.x'], ['c/x']],
    seen: ['x 0'],
  },
  { what: 'what is hidden stays so below', layers: [[], ['c/.wh.x'], [], ['c/x']], seen: [] },
  {
    what: 'marks of storage drivers hide nothing',
    layers: [['c/.wh..wh.plnk', 'c/.wh.'], ['c/x']],
    seen: ['x 1'],
  },
  {
    what: 'other folders that are named alike do not count',
    layers: [['cc/x', 'a/c/x', '.wh.cc'], ['c/y']],
    seen: ['y 1'],
  },
  {
    what: 'leading slashes and dots mean the root',
    layers: [['/c/x', './c/./y'], []],
    seen: ['x 0', 'y 0'],
  },
])('$what', ({ layers, seen }) => {
  const visible = flattenLayers(layers.map((paths) => layerOf(paths, 'c')));

  expect(visible.map(({ path, layer }) => `${path} ${layer}`)).toEqual(seen);
});

it.each([
  { path: 'opt@', hides: true },
  { path: '.wh.opt', hides: true },
  { path: 'opt/.wh.catalog', hides: true },
  { path: 'opt/.wh..wh..opq', hides: true },
  { path: 'opt/catalog', hides: true },
  { path: 'opt/', hides: false },
  { path: 'opt/.wh.cat', hides: false },
  { path: 'op', hides: false },
])('with $path of a folder deeper down, hides all: $hides', ({ path, hides }) => {
  expect(layerOf([path], 'opt/catalog/configs').hidesAll).toBe(hides);
});

it.each([
  'c/../../etc/passwd',
  '../c/x',
  'x/..',
  `c/${'a/'.repeat(70)}x`,
  `c/${'a'.repeat(5000)}`,
  'c/a\0b',
  'c/\uFFFD',
])('refuses the path %j', (path) => {
  expect(() => markOf(path, 'file', 'c')).toThrow('the path');
});

/** Paths as `x` (a file), `x/` (a directory), `x@` (a link). */
function layerOf(paths: readonly string[], folder: string): LayerContent {
  const marks = paths.flatMap((path) => {
    const kind: TarKind = path.endsWith('/') ? 'directory' : path.endsWith('@') ? 'other' : 'file';
    return markOf(path.replace(/@$/, ''), kind, folder) ?? [];
  });
  const isFile = (mark: LayerMark): boolean => mark.kind === 'file';
  return {
    key: '',
    bytes: 0,
    files: marks.filter(isFile).flatMap((mark) => {
      return mark.kind === 'file'
        ? [{ path: mark.path, start: 0, size: 0, syntax: 'json', documents: [] } as const]
        : [];
    }),
    marks: marks.filter((mark) => mark.kind !== 'file' && mark.kind !== 'hides-all'),
    hidesAll: marks.some(({ kind }) => kind === 'hides-all'),
  };
}
