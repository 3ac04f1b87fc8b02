import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { boundFolder } from './bound-folder.ts';

const { signal } = new AbortController();
const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 0, 16);

/** Files of 100 bytes, by the hours since they were used. */
const HOURS = { 'layers/a.content': 5, 'layers/b.content': 2, 'catalogs/c/index': 9, fresh: 0.5 };

it.each([
  { bytes: 400, stays: ['a.content', 'b.content', 'fresh', 'index'] },
  { bytes: 399, stays: ['a.content', 'b.content', 'fresh'] },
  { bytes: 200, stays: ['b.content', 'fresh'] },
  // What may be in use stays over any limit.
  { bytes: 0, stays: ['fresh'] },
])('keeps within $bytes bytes what was used last', async ({ bytes, stays }) => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, 'layers'));
  await mkdir(join(folder.path, 'catalogs/c'), { recursive: true });
  for (const [name, hours] of Object.entries(HOURS)) {
    const path = join(folder.path, name);
    const usedAt = new Date(NOW - hours * HOUR_MS);
    await writeFile(path, 'x'.repeat(100));
    await utimes(path, usedAt, usedAt);
  }

  await boundFolder(folder.path, { bytes, inUseMs: HOUR_MS }, NOW, signal);

  const left = await readdir(folder.path, { recursive: true, withFileTypes: true });
  const names = left.filter((entry) => entry.isFile()).map((entry) => entry.name);
  expect(names.sort()).toEqual(stays);
});

it('does nothing where there is no folder', async () => {
  await using folder = await temporaryFolder();
  const limits = { bytes: 0, inUseMs: 0 };

  await boundFolder(join(folder.path, 'none'), limits, NOW, signal);

  expect(await readdir(folder.path)).toEqual([]);
});
