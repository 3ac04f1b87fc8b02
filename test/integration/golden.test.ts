import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasProgram, runProgram } from '../support/run-program.ts';

/** Recorded runs of the reference tool; not ours to ship. `IMAGESET_SHARED` names the folder that has them in `golden/`. */
const GOLDEN = path.join(
  process.env.IMAGESET_SHARED ?? path.join(import.meta.dirname, '../../../shared'),
  'golden/golden',
);
const MAIN = path.join(import.meta.dirname, '../../src/main.ts');
/** What this version mirrors, and what it refuses before it mirrors anything. */
const CASES = /^(?:additional-\S+|workflow-(?:credentials|enclave|rerun))/;
const MANY_CASES = /^(?:operators|release)-\S+/;
/** Of these, one of each sort: all of them take minutes, and run where `IMAGESET_GOLDEN` is `all`. */
const CHOSEN_CASES: ReadonlySet<string> = new Set([
  ...[
    ...['again', 'blocked', 'broken-catalog', 'bundles', 'by-digest', 'channel-min-max'],
    ...['default-channel', 'full-catalog', 'heads', 'list', 'missing-related', 'not-a-catalog'],
    ...['platforms', 'resource-names', 'template', 'two-targets'],
  ].map((name) => `operators-${name}`),
  ...[
    ...[
      'blocked-component',
      'component-missing',
      'eus-pair',
      'graph',
      'graph-only',
      'kubevirt-multi',
    ],
    ...['list', 'multi', 'okd', 'pinned-unsigned', 'shortest-path', 'signature-other-release'],
    ...['signature-second', 'two-channels', 'unknown-channel', 'update-url'],
  ].map((name) => `release-${name}`),
]);
const CASE_TIMEOUT_MS = 120_000;

function whySkipped(): string {
  if (!existsSync(GOLDEN)) return `there is no ${GOLDEN}; set IMAGESET_SHARED`;
  const missing = ['docker-registry', 'openssl', 'python3', 'unshare'].filter(
    (name) => !hasProgram(name),
  );
  if (missing.length > 0) return `not installed: ${missing.join(', ')}`;
  if (process.getuid?.() !== 0) return 'the world of the cases needs root';
  const yaml = spawnSync('python3', ['-c', 'import yaml']);
  if (yaml.status !== 0) return 'not installed: PyYAML';
  const namespaces = spawnSync('unshare', ['--net', '--mount', '--propagation', 'private', 'true']);
  return namespaces.status === 0 ? '' : 'no namespaces can be made here';
}

function listCases(): string[] {
  const { stdout } = spawnSync(GOLDEN, ['list', '--only', 'mirror,list'], { encoding: 'utf8' });
  const areAll = process.env.IMAGESET_GOLDEN === 'all';
  return stdout.split('\n').flatMap((line) => {
    const [one] = MANY_CASES.exec(line) ?? [];
    if (one === undefined) return CASES.exec(line)?.[0] ?? [];
    return areAll || CHOSEN_CASES.has(one) ? [one] : [];
  });
}

const reason = whySkipped();
const cases = reason === '' ? listCases() : [];

describe.skipIf(reason !== '')(
  `mirror does what the reference tool did${reason === '' ? '' : ` (skipped: ${reason})`}`,
  () => {
    it('has cases', () => {
      expect(cases.length).toBeGreaterThanOrEqual(19 + CHOSEN_CASES.size);
    });

    it.each(cases)(
      'in %s',
      async (name) => {
        const { stdout } = await runProgram(GOLDEN, [
          ...['check', name, '--tool', `${process.execPath} ${MAIN}`],
        ]);

        // What differs is printed in between.
        expect(stdout.toString()).toBe(`ok   ${name}\n1 passed, 0 failed\n`);
      },
      CASE_TIMEOUT_MS,
    );
  },
);
