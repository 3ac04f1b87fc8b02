import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type GitFixture,
  ISOLATED_GIT,
  makeGitRepository,
} from '../../test/support/git-fixture.ts';
import { findProgram } from '../../test/support/run-program.ts';
import { type TemporaryFolder, temporaryFolder } from '../../test/support/temporary-folder.ts';
import type { ListedFile } from './list-files.ts';
import { type ReadFile, readBlobs } from './read-blobs.ts';
import type { GitCall } from './run-git.ts';

const git = findProgram('git');
const { signal } = new AbortController();

describe.skipIf(git === undefined)('readBlobs (skipped without git)', () => {
  let folder: TemporaryFolder;
  let repository: GitFixture;
  let call: GitCall;

  beforeAll(async () => {
    folder = await temporaryFolder();
    repository = await makeGitRepository(join(folder.path, 'repository.git'));
    const program = join(folder.path, 'git');
    const calls = join(folder.path, 'calls');
    await writeFile(calls, '');
    await writeFile(program, `#!/bin/sh\necho x >> '${calls}'\nexec '${git ?? ''}' "$@"\n`);
    await chmod(program, 0o755);
    const environment = {
      PATH: process.env.PATH ?? '',
      ...ISOLATED_GIT,
      GIT_DIR: repository.folder,
    };
    call = { program, folder: repository.folder, environment, idleMs: 60_000, totalMs: 60_000 };
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  async function write(path: string, text: string): Promise<ListedFile> {
    const objectId = await repository.git(['hash-object', '-w', '--stdin'], text);
    return { path, kind: 'file', objectId };
  }

  async function read(files: readonly ListedFile[], limitBytes = 1000): Promise<unknown[]> {
    const text = ({ found }: ReadFile): unknown =>
      found instanceof Uint8Array ? Buffer.from(found).toString() : found;
    return (await Array.fromAsync(readBlobs(files, limitBytes, call, signal))).map(text);
  }

  it('reads many files with two processes, in the order asked for', async () => {
    const texts = ['b', '', 'a\n\nc blob 7\n', '\u0000 missing\n'];
    const blobs = await Promise.all(texts.map((text) => write('x.yaml', text)));
    const files = Array.from({ length: 1000 }, (_, index) => blobs[index % blobs.length]).filter(
      (file) => file !== undefined,
    );
    const before = (await readFile(join(folder.path, 'calls'), 'utf8')).length;

    const found = await read(files);

    expect(found).toEqual(files.map((_, index) => texts[index % texts.length]));
    const after = (await readFile(join(folder.path, 'calls'), 'utf8')).length;
    expect((after - before) / 'x\n'.length).toBe(2);
  });

  it('reads more than fits into one batch', async () => {
    const texts = Array.from({ length: 3 }, (_, index) => String(index).repeat(5 * 1024 * 1024));
    const files = await Promise.all(texts.map((text) => write('large.yaml', text)));

    expect(await read(files, 6 * 1024 * 1024)).toEqual(texts);
  });

  it('does not unpack what is over the limit', async () => {
    const files = [await write('a', 'x'.repeat(1000)), await write('b', 'x'.repeat(1001))];

    expect(await read(files)).toEqual(['x'.repeat(1000), 'too-large']);
  });

  it('tells nothing of what is not there, is no blob, or is not what its id says', async () => {
    const good = await write('good', 'good');
    const other = await write('other', 'other');
    const packed = join(repository.folder, 'objects', other.objectId.slice(0, 2));
    const wrong = await write('wrong', 'wrong');
    const place = join(repository.folder, 'objects', wrong.objectId.slice(0, 2));
    await chmod(join(place, wrong.objectId.slice(2)), 0o644);
    await writeFile(
      join(place, wrong.objectId.slice(2)),
      await readFile(join(packed, other.objectId.slice(2))),
    );
    const missing = { ...good, objectId: 'f'.repeat(40) };
    const tree = { ...good, objectId: await repository.git(['mktree'], '') };

    expect(await read([missing, good, tree, wrong, good])).toEqual([
      undefined,
      'good',
      undefined,
      undefined,
      'good',
    ]);
  });
});
