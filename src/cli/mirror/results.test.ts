import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testIo } from '../../../test/support/command-io.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { ContentType } from '../../imageset/problem.ts';
import { createMirrorLog } from './mirror-log.ts';
import { exitCodeOf, reportFailures, resultLines } from './results.ts';
import { openWorkspace } from './workspace.ts';

describe('exitCodeOf', () => {
  it.each<{ contents: ContentType[]; code: number }>([
    { contents: [], code: 0 },
    { contents: ['release'], code: 2 },
    { contents: ['operator'], code: 4 },
    { contents: ['additional', 'additional'], code: 8 },
    { contents: ['helm'], code: 16 },
    { contents: ['operator', 'helm', 'operator'], code: 20 },
  ])('is $code for $contents', ({ contents, code }) => {
    expect(exitCodeOf(contents)).toBe(code);
  });
});

it('shows a result for each content type that has images, in the order of the spec', () => {
  expect(
    resultLines([
      { content: 'additional', total: 4, mirrored: 3 },
      { content: 'helm', total: 0, mirrored: 0 },
      { content: 'operator', total: 2, mirrored: 2 },
    ]),
  ).toEqual([
    '=== Results ===',
    '\u001B[1;92m ✓ \u001B[0m 2 / 2 operator images mirrored successfully',
    '\u001B[1;91m ✗ \u001B[0m 3 / 4 additional images mirrored: Some additional images failed to be mirrored - please check the logs',
  ]);
});

describe('reportFailures', () => {
  const failures = [
    { content: 'additional', origin: 'quay.io/a/b:1', reason: 'it is not there' },
    { content: 'additional', origin: 'quay.io/a/c:1', reason: 'refused' },
  ] as const;

  it('writes a line for each image and names the file', async () => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, 'ws/working-dir/logs'), { recursive: true });
    const io = testIo();
    const workspace = openWorkspace('ws', folder.path);
    const log = createMirrorLog(io, 'info');

    const text = await reportFailures(failures, { log, workspace, stamp: '20260116_111520' });

    const file = 'ws/working-dir/logs/mirroring_errors_20260116_111520.txt';
    expect(await readFile(join(folder.path, file), 'utf8')).toBe(
      'error mirroring image quay.io/a/b:1 error: it is not there\n' +
        'error mirroring image quay.io/a/c:1 error: refused\n',
    );
    expect(io.written.stderr).toContain(
      '[Worker] error mirroring image quay.io/a/c:1 error: refused',
    );
    expect(text).toBe(
      `[Worker] some errors occurred during the mirroring.\n\t Please review ${file} for a list of mirroring errors.\n` +
        '\t You may consider:\n' +
        '\t * removing images or operators that cause the error from the image set config, and retrying\n' +
        '\t * keeping the image set config (images are mandatory for you), and retrying\n' +
        '\t * mirroring the failing images manually, if retries also fail.',
    );
  });

  it('says so when the file cannot be written', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'ws'), 'a file where the folder should be');
    const log = createMirrorLog(testIo(), 'info');
    const workspace = openWorkspace('ws', folder.path);

    const text = await reportFailures(failures, { log, workspace, stamp: 'S' });

    expect(text).toContain(
      'unable to log these errors in ws/working-dir/logs/mirroring_errors_S.txt: ENOTDIR',
    );
  });
});
