import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testIo } from '../../../test/support/command-io.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import {
  type MirrorLogLevel,
  createMirrorLog,
  formatErrorLine,
  formatStamp,
} from './mirror-log.ts';

describe('createMirrorLog', () => {
  it.each<{ level: MirrorLogLevel; shown: string[] }>([
    { level: 'error', shown: ['ERROR'] },
    { level: 'info', shown: ['ERROR', 'WARN', 'INFO'] },
    { level: 'debug', shown: ['ERROR', 'WARN', 'INFO', 'DEBUG'] },
    { level: 'trace', shown: ['ERROR', 'WARN', 'INFO', 'DEBUG'] },
  ])('shows $shown at the level $level', ({ level, shown }) => {
    const io = testIo();
    const log = createMirrorLog(io, level);

    log.error('e');
    log.warn('w');
    log.info('i');
    log.debug('d');

    const tags = [...io.written.stderr.matchAll(/\[([A-Z]+)\]/g)].map(([, tag]) => tag);
    expect(tags).toEqual(shown);
  });

  it('writes the bytes of the reference tool', () => {
    const io = testIo();
    const log = createMirrorLog(io, 'debug');

    log.error('a');
    log.warn('b');
    log.info('c');
    log.debug('d');

    expect(io.written.stderr.split('\n')).toEqual([
      '2026/01/16 11:15:20 \u001B[1;91m [ERROR] \u001B[0m : a',
      '2026/01/16 11:15:20 \u001B[1;93m [WARN] \u001B[0m  : b',
      '2026/01/16 11:15:20 \u001B[1;94m [INFO] \u001B[0m  : c',
      '2026/01/16 11:15:20 \u001B[1;92m [DEBUG] \u001B[0m : d',
      '',
    ]);
  });

  it('writes to stderr until it has a file, then to stdout and the file', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'mirror.log');
    const io = testIo();
    const log = createMirrorLog(io, 'info');

    log.info('before');
    log.openFile(file);
    log.info('after');
    log.fileOnly.info('beside a display');

    expect(io.written.stderr).toMatch(/before\n$/);
    expect(io.written.stdout).toMatch(/^[^\n]*after\n$/);
    expect(await readFile(file, 'utf8')).toMatch(/^[^\n]*after\n[^\n]*beside a display\n$/);
  });
});

it('ends a command that failed with a tagged line', () => {
  expect(formatErrorLine('no images to copy', new Date(2026, 0, 2, 3, 4, 5))).toBe(
    '2026/01/02 03:04:05 \u001B[1;91m [ERROR] \u001B[0m : [Executor] no images to copy \n',
  );
});

it('stamps file names in local time', () => {
  expect(formatStamp(new Date(2026, 0, 2, 3, 4, 5), 'file')).toBe('20260102_030405');
});
