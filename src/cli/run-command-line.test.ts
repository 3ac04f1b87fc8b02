import { describe, expect, it } from 'vitest';
import { testIo } from '../../test/support/command-io.ts';
import { runCommandLine } from './run-command-line.ts';

async function run(...args: string[]) {
  const io = testIo();
  const code = await runCommandLine(args, io, new AbortController().signal);
  return { code, ...io.written };
}

describe('runCommandLine', () => {
  it.each([
    { args: ['--help'], shows: /Usage: imageset .*validate/s },
    { args: ['--v2', '-h'], shows: /Usage: imageset .*mirror/s },
    { args: ['help'], shows: /Usage: imageset/ },
    { args: ['help', 'mirror'], shows: /Usage: imageset mirror .*--max-nested-paths/s },
    { args: ['mirror', '--help'], shows: /--retry-delay <duration>/ },
    { args: ['--version'], shows: /^imageset version v\d+\.\d+\.\d+\n$/ },
    { args: ['-c', 'f', '--version'], shows: /^imageset version v/ },
    { args: ['list'], shows: /Usage: imageset list releases\|operators .*releases .*operators /s },
    { args: ['--v2', 'list', 'nothing'], shows: /Usage: imageset list releases\|operators / },
    { args: ['list', 'releases', '--help'], shows: /--filter-by-archs <list>/ },
    { args: ['list', 'operators', '--help'], shows: /--package <name>/ },
    { args: ['--v2', '-v'], shows: /^imageset version v/ },
    { args: ['version'], shows: /^imageset version v/ },
    { args: ['version', '--short'], shows: /^Client Version: v\d/ },
    { args: ['version', '--output', 'json'], shows: /^\{\n {2}"clientVersion": \{/ },
    { args: ['version', '--output=yaml'], shows: /^clientVersion:\n {2}gitVersion: v/ },
    { args: ['--v2', 'schema', 'settings'], shows: /^\{\n {2}"\$schema"/ },
  ])('prints what $args asks for on stdout, exit 0', async ({ args, shows }) => {
    const { code, stdout, stderr } = await run(...args);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(shows);
  });

  it.each([
    { args: [], message: 'requires at least 1 arg(s), only received 0' },
    { args: ['--continue-on-error', 'x'], message: 'unknown flag: --continue-on-error' },
    { args: ['-x'], message: "unknown shorthand flag: 'x' in -x" },
    { args: ['docker://a.b/c', '--config'], message: 'flag needs an argument: --config' },
    {
      args: ['docker://a.b/c', '--retry-delay', '5'],
      message: 'invalid argument "5" for "--retry-delay" flag: time: missing unit in duration "5"',
    },
    { args: ['docker://a.b/c', '-p', '65536'], message: 'invalid argument "65536" for "--port"' },
    { args: ['x', '--dry-run=maybe'], message: 'invalid argument "maybe" for "--dry-run" flag' },
    // `false` is the destination here.
    { args: ['-c', 'f', '--dry-run', 'false'], message: 'destination must have either file://' },
  ])('answers $args with usage and message on stderr, exit 1', async ({ args, message }) => {
    const { code, stdout, stderr } = await run(...args);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^\n?Usage: imageset mirror -c FILE/);
    expect(stderr).toContain(`[ERROR] \u001B[0m : [Executor] ${message}`);
  });

  it.each([
    { args: ['delete', '--generate', 'docker://a.b/c'], message: 'no command "delete"' },
    {
      args: ['--v2', 'list', 'releases', '--channels'],
      message: 'must specify --version with --channels',
    },
    { args: ['version', '--output', 'xml'], message: "--output must be 'yaml' or 'json'" },
    { args: ['version', '--nope'], message: 'error: unknown flag: --nope' },
    { args: ['validate'], message: "error: missing required argument 'path'" },
    { args: ['registry', 'serve', 'x', '--port', 'x'], message: 'error: invalid argument "x"' },
  ])('refuses $args, exit 1', async ({ args, message }) => {
    const { code, stdout, stderr } = await run(...args);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
  });

  it.each([{ flag: ['--secure-policy'], message: 'this version does not enforce a trust policy' }])(
    'refuses $flag rather than ignoring it',
    async ({ flag, message }) => {
      const args = ['-c', 'f', '--workspace', 'file://ws', 'docker://a.b/c', ...flag];
      const { code, stderr } = await run(...args);

      expect(code).toBe(1);
      expect(stderr).toContain(message);
      expect(stderr).not.toContain('Usage:');
    },
  );

  it.each([
    { args: ['-c', 'f', 'file://disk'], mode: 'mirrorToDisk' },
    { args: ['-c', 'f', '--from', 'file://disk', 'docker://a.b/c'], mode: 'diskToMirror' },
  ])('refuses $mode', async ({ args, mode }) => {
    const { code, stderr } = await run(...args);

    expect(code).toBe(1);
    expect(stderr).toContain(`mirrors from registry to registry only, not ${mode}`);
  });
});
