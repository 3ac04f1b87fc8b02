import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { validateCommand } from './validate.ts';

const HEAD = 'apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\n';
const GOOD = `${HEAD}mirror: {additionalImages: [{name: quay.io/a/b:1}]}\n`;
const BAD = `${HEAD}mirror:\n  additionalImage: []\n`;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'validate-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('validateCommand', () => {
  it('exits 0 for valid image sets, searched to any depth', async () => {
    await write('sets/a.yaml', GOOD);
    await write('sets/deep/er/b.yml', GOOD);
    await write('sets/c.json', JSON.stringify({ kind: 'List' }));
    await write('sets/readme.md', BAD);
    await write('sets/.hidden/d.yaml', BAD);

    expect(await run(['sets'])).toEqual({
      code: 0,
      stdout: '2 image sets valid, 1 other file ignored\n',
      stderr: '',
    });
  });

  it('exits 1 with a line for each problem of all files', async () => {
    await write('a.yaml', BAD);
    await write('b.yaml', 'kind: ConfigMap\n');

    expect(await run(['a.yaml', 'b.yaml', 'nowhere'])).toMatchObject({
      code: 1,
      stdout: [
        'a.yaml:4:3: mirror.additionalImage: unknown field "additionalImage" (did you mean "additionalImages"?)',
        'b.yaml:1:1: this is no image set: its kind is "ConfigMap" (The kinds are ImageSetConfiguration and DeleteImageSetConfiguration, of mirror.openshift.io/v2alpha1.)',
        '2 problems in 2 files',
        '',
      ].join('\n'),
      stderr: expect.stringContaining('nowhere does not exist') as string,
    });
  });

  it('exits 1 where there is no image set', async () => {
    await mkdir(join(folder, 'empty'));

    expect(await run(['empty'])).toMatchObject({ code: 1, stdout: '' });
  });

  it('exits 1 for a path that is not there, though the rest is valid', async () => {
    await write('a.yaml', GOOD);

    expect((await run(['a.yaml', 'nowhere'])).code).toBe(1);
  });

  it('prints warnings to stderr and exits 0', async () => {
    await write('a.yaml', GOOD.replace('v2alpha1', 'v1alpha2'));

    const { code, stdout, stderr } = await run(['a.yaml']);

    expect({ code, stdout }).toEqual({ code: 0, stdout: '1 image set valid, 1 warning\n' });
    expect(stderr).toMatch(/^warning: a\.yaml:1:1: apiVersion: /);
  });

  it('says everything as JSON too', async () => {
    await write('a.yaml', BAD);
    await write('b.yaml', GOOD);

    const { code, stdout } = await run(['.'], 'json');

    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      valid: false,
      unreadable: [],
      documents: [{ path: 'b.yaml', line: 1, kind: 'mirror' }],
      problems: [
        {
          position: { path: 'a.yaml', line: 4, column: 3 },
          field: 'mirror.additionalImage',
          stage: 'load',
        },
      ],
      warnings: [],
      ignored: [],
    });
  });

  it('follows links to files inside the folder, once, and none that leads out', async () => {
    await write('out/bad.yaml', BAD);
    await write('sets/..data/a.yaml', GOOD);
    await symlink('..data/a.yaml', join(folder, 'sets/a.yaml'));
    await symlink('..data/a.yaml', join(folder, 'sets/again.yaml'));
    await symlink('../out/bad.yaml', join(folder, 'sets/bad.yaml'));
    await symlink('../out', join(folder, 'sets/out'));
    await symlink('loop.yaml', join(folder, 'sets/loop.yaml'));

    expect(await run(['sets'])).toEqual({ code: 0, stdout: '1 image set valid\n', stderr: '' });
  });

  it('reads a file once that is named and in a folder', async () => {
    await write('sets/a.yaml', GOOD);

    expect((await run(['sets', 'sets/a.yaml'])).stdout).toBe('1 image set valid\n');
  });

  it('does not forget that a file was named because it is in a folder too', async () => {
    await write('sets/a.yaml', GOOD);
    await write('sets/b.yaml', 'kind: ConfigMap\n');

    expect((await run(['sets/b.yaml', 'sets'])).code).toBe(1);
    expect((await run(['sets', 'sets/b.yaml'])).code).toBe(1);
  });

  it('only warns of what two files must not have in one mirror', async () => {
    const catalog = `${HEAD}mirror: {operators: [{catalog: a.io/b:1}]}\n`;
    await write('eu/a.yaml', catalog);
    await write('us/a.yaml', catalog);

    expect(await run(['.'])).toMatchObject({ code: 0, stdout: '2 image sets valid, 1 warning\n' });
  });

  it('reads no more of a file than the limit', async () => {
    await write('a.yaml', ' '.repeat(3 * 1024 * 1024));

    expect((await run(['a.yaml'])).stdout).toContain('a.yaml:1:1: the file is larger than 1.0 MiB');
  });

  it('says that a file is no UTF-8', async () => {
    await writeFile(join(folder, 'a.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xfc]));

    expect((await run(['a.yaml'])).stdout).toContain('a.yaml:1:4: the file is not UTF-8 text');
  });
});

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), text);
}

async function run(
  paths: readonly string[],
  output: 'text' | 'json' = 'text',
): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const io = {
    stdout: (text: string) => void (stdout += text),
    stderr: (text: string) => void (stderr += text),
    cwd: folder,
  };
  const code = await validateCommand(paths, io, output);
  return { code, stdout, stderr };
}
