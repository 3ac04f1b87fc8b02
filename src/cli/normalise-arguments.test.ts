import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normaliseArguments } from './normalise-arguments.ts';

const FLAGS = [
  { long: '--config', short: '-c', takesValue: true },
  { long: '--dry-run', short: undefined, takesValue: false },
  { long: '--quiet', short: '-q', takesValue: false },
];

function normalise(args: readonly string[]): string[] {
  return normaliseArguments(args, FLAGS, ['mirror', 'version'], 'mirror');
}

describe('normaliseArguments', () => {
  it.each([
    { args: ['docker://a.b/c'], means: ['mirror', 'docker://a.b/c'] },
    { args: ['mirror', 'docker://a.b/c'], means: ['mirror', 'docker://a.b/c'] },
    { args: ['--v2', 'version', '--output', 'json'], means: ['version', '--output', 'json'] },
    { args: ['-c', 'version', 'x'], means: ['mirror', '-c', 'version', 'x'] },
    { args: ['-c', 'f', 'version'], means: ['version', '-c', 'f'] },
    { args: ['x', 'version'], means: ['mirror', 'x', 'version'] },
    { args: ['--dry-run', 'false'], means: ['mirror', '--dry-run=true', 'false'] },
    { args: ['--dry-run=false', 'x'], means: ['mirror', '--dry-run=false', 'x'] },
    { args: ['-q', 'x'], means: ['mirror', '--quiet=true', 'x'] },
    { args: ['-c=f', 'x'], means: ['mirror', '-cf', 'x'] },
    { args: ['-cf', 'x'], means: ['mirror', '-cf', 'x'] },
    { args: ['--config', '--v2'], means: ['mirror', '--config', '--v2'] },
    { args: ['--config', '--dry-run'], means: ['mirror', '--config', '--dry-run'] },
    { args: ['--config'], means: ['mirror', '--config'] },
    { args: ['--', '--v2', 'version'], means: ['mirror', '--', '--v2', 'version'] },
    { args: ['--other', 'x'], means: ['mirror', '--other', 'x'] },
    { args: ['-'], means: ['mirror', '-'] },
    { args: [], means: ['mirror'] },
  ])('reads $args as $means', ({ args, means }) => {
    expect(normalise(args)).toEqual(means);
  });

  it('keeps every word that is no flag, in its order', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z:/.]{1,10}$/)), (words) => {
        fc.pre(!words.includes('version') && !words.includes('mirror'));
        expect(normalise(words)).toEqual(['mirror', ...words]);
      }),
    );
  });
});
