import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');

test('what is packed runs, without the TypeScript sources', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'imageset-package-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const project = join(ROOT, '.config/tsconfig.build.json');
  const built = node([tsc, '--project', project, '--outDir', join(folder, 'dist')], folder);
  assert.equal(built.status, 0, built.stdout);
  const { files } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Packed;
  for (const file of ['package.json', ...files.filter((name) => name !== 'dist')]) {
    await cp(join(ROOT, file), join(folder, file), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));

  const version = node(['src/imageset.js', 'version'], folder);
  const validated = node(['src/imageset.js', 'validate', 'examples/imagesets'], folder);

  assert.equal(version.stderr, '');
  assert.match(version.stdout, /^imageset version v\d+\.\d+\.\d+\n$/);
  assert.equal(validated.status, 0, validated.stdout + validated.stderr);
});

interface Packed {
  readonly files: readonly string[];
}

function node(
  args: readonly string[],
  folder: string,
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
}
