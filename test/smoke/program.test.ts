import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const source = join(import.meta.dirname, '../../src');
const MAIN = join(source, 'main.ts');
const COMMAND = join(source, 'imageset.js');

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a file of ours in a Node of its own. `onOutput` is told what was written so far. */
async function run(
  args: readonly string[],
  onOutput: (written: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Ended> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  const told = (): void => {
    onOutput(stdout + stderr, (signal) => child.kill(signal));
  };
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    told();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    told();
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, stdout, stderr };
}

test('main.ts --help prints the commands', async () => {
  const { code, stdout, stderr } = await run([MAIN, '--help']);

  assert.equal(stderr, '');
  assert.match(stdout, /Usage: imageset[\s\S]*mirror[\s\S]*validate/);
  assert.equal(code, 0);
});

test('main.ts version prints the version', async () => {
  const { code, stdout } = await run([MAIN, 'version']);

  assert.match(stdout, /^imageset version v\d+\.\d+\.\d+\n$/);
  assert.equal(code, 0);
});

test('the command runs main.ts of a clone', async () => {
  const { code, stdout } = await run([COMMAND, '--v2', '--version']);

  assert.match(stdout, /^imageset version v/);
  assert.equal(code, 0);
});

test('an argument that is wrong ends with exit 1', async () => {
  const { code, stderr } = await run([COMMAND, '--no-such-flag']);

  assert.match(stderr, /unknown flag: --no-such-flag/);
  assert.equal(code, 1);
});

test('the command says which Node it needs when this one is too old', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imageset-smoke-'));
  try {
    const old = join(folder, 'old.mjs');
    await writeFile(old, "Object.defineProperty(process, 'version', { value: 'v12.22.12' });\n");

    const { code, stdout, stderr } = await run(['--import', pathToFileURL(old).href, COMMAND]);

    assert.match(stderr, /^imageset needs Node\.js 24 or newer; this is v12\.22\.12 /);
    assert.equal(stdout, '');
    assert.equal(code, 1);
  } finally {
    await rm(folder, { recursive: true });
  }
});

for (const [signal, expected] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} stops a run that waits for a registry, exit ${expected}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'imageset-smoke-'));
    // Takes connections and never answers.
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    try {
      await once(silent, 'listening');
      const { port } = silent.address() as { port: number };
      const file = join(folder, 'isc.yaml');
      await writeFile(
        file,
        'apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror:\n  additionalImages: [{name: "a.example/b:1"}]\n',
      );
      const destination = `docker://127.0.0.1:${port}/x`;
      let isStopped = false;

      const { code, stdout } = await run(
        [MAIN, '-c', file, '--workspace', `file://${folder}`, destination],
        (written, kill) => {
          if (isStopped || !written.includes('workflow mode')) return;
          isStopped = true;
          kill(signal);
        },
      );

      assert.match(stdout, new RegExp(`stopped by ${signal}`));
      assert.equal(code, expected);
    } finally {
      silent.close();
      await rm(folder, { recursive: true });
    }
  });
}
