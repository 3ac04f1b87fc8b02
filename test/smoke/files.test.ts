import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

/** Files that act when they are loaded: the process edge and the command in front of it. */
const ACTING = new Set(['main.ts', 'imageset.js']);
const source = join(import.meta.dirname, '../../src');

const names = (await readdir(source, { recursive: true }))
  .filter((name) => /\.(?:ts|js)$/.test(name) && !name.endsWith('.test.ts') && !ACTING.has(name))
  .sort();

test('there are files to load', () => {
  assert.ok(names.length > 50, `${names.length} files below ${source}`);
});

for (const name of names) {
  test(`Node loads src/${name} as it is`, async () => {
    await import(pathToFileURL(join(source, name)).href);
  });
}
