import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { silentLog } from '../base/log.ts';
import { settingsFromFlags } from '../settings/settings-from-flags.ts';
import type { PassReport } from './pass-report.ts';
import { openQuietPasses } from './quiet-passes.ts';

const FLAGS = { source: 'https://git.example/a.git', destination: 'docker://reg.example/a' };
const SETTINGS = settingsFromFlags(FLAGS);
const HEADS = { source: 'a'.repeat(40), manifests: 'b'.repeat(40) };
const REPORT: PassReport = {
  mirrors: [
    {
      ...{ mirror: 'default', state: 'Unchanged', sourceCommit: HEADS.source, commits: [] },
      ...{ images: { added: 0, gone: 0, total: 7 }, bytesSent: 0, deleted: 0, problems: [] },
      ...{
        catalogs: [],
        releases: [],
        failures: [],
        warnings: ['samples have no effect'],
        unfinished: false,
        settled: true,
      },
      held: [
        {
          destination: 'a:1',
          reason: 'd.yaml',
          entry: { position: { path: 'd.yaml', line: 4, column: 7 }, field: 'delete' },
          why: 'too many',
        },
      ],
    },
  ],
  errors: [],
};

describe('openQuietPasses', () => {
  it('gives the report of a pass back to another process, but not where something differs', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'state', 'quiet.json');
    await openQuietPasses(file, '1.0.0', silentLog).remember(SETTINGS, HEADS, REPORT);

    const passes = openQuietPasses(file, '1.0.0', silentLog);
    expect(await passes.find(SETTINGS, HEADS)).toEqual(REPORT);
    expect(await passes.find(SETTINGS, { ...HEADS, source: 'c'.repeat(40) })).toBeUndefined();
    expect(await passes.find(SETTINGS, { ...HEADS, manifests: undefined })).toBeUndefined();
    const others = settingsFromFlags({ ...FLAGS, destination: 'docker://reg.example/b' });
    expect(await passes.find(others, HEADS)).toBeUndefined();
    const newer = openQuietPasses(file, '1.0.1', silentLog);
    expect(await newer.find(SETTINGS, HEADS)).toBeUndefined();
  });

  it('keeps passes of several settings, and forgets the oldest', async () => {
    await using folder = await temporaryFolder();
    const passes = openQuietPasses(join(folder.path, 'quiet.json'), '1', silentLog);
    const at = (index: number): typeof HEADS => ({ ...HEADS, manifests: `head ${index}` });

    for (let index = 0; index <= 16; index += 1) await passes.remember(SETTINGS, at(index), REPORT);

    expect(await passes.find(SETTINGS, at(0))).toBeUndefined();
    expect(await passes.find(SETTINGS, at(1))).toEqual(REPORT);
    expect(await passes.find(SETTINGS, at(16))).toEqual(REPORT);
  });

  it.each(['', '{}', '[{"key":"x","mirrors":[]}]', 'null'])(
    'knows nothing of a file %j',
    async (text) => {
      await using folder = await temporaryFolder();
      const file = join(folder.path, 'quiet.json');
      await writeFile(file, text);
      const passes = openQuietPasses(file, '1', silentLog);

      expect(await passes.find(SETTINGS, HEADS)).toBeUndefined();
      await passes.remember(SETTINGS, HEADS, REPORT);
      expect(await passes.find(SETTINGS, HEADS)).toEqual(REPORT);
      expect(await readFile(file, 'utf8')).not.toBe(text);
    },
  );

  it('goes on where it cannot be written', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'file'), '');
    const passes = openQuietPasses(join(folder.path, 'file', 'quiet.json'), '1', silentLog);

    await passes.remember(SETTINGS, HEADS, REPORT);

    expect(await passes.find(SETTINGS, HEADS)).toBeUndefined();
  });
});
