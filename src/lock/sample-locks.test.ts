import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { formatLock, parseLock } from './lock.ts';

it.each(['release', 'catalog'])(
  'the sample lock testdata/%s is the same after reading and writing',
  (name) => {
    const text = readFileSync(new URL(`testdata/${name}/imageset.lock`, import.meta.url), 'utf8');
    const lock = parseLock('imageset.lock', text);
    expect(formatLock(lock)).toBe(text);
    expect(parseYaml(text)).toEqual(lock);
  },
);
