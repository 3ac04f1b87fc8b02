import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const DEMO = join(import.meta.dirname, '../demo/demo.ts');
const hasGit = spawnSync('git', ['--version']).status === 0;

test('the demo plays to its end', { skip: hasGit ? false : 'needs git' }, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [DEMO], { encoding: 'utf8' });

  assert.equal(status, 0, stderr.slice(-4000));
  assert.match(stdout, /The demo is over: \d+ checks, all hold\./);
});
