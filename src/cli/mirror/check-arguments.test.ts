import { describe, expect, it } from 'vitest';
import { checkCommonFlags, checkMirrorArguments } from './check-arguments.ts';
import { type MirrorFlags, readMirrorFlags } from './mirror-options.ts';

const ISC = { config: 'isc.yaml' };
const WORKSPACE = { ...ISC, workspace: 'file://ws' };
const MIRROR = 'docker://mirror.example.com/site';

function flags(raw: Record<string, string>): MirrorFlags {
  return readMirrorFlags(raw);
}

describe('checkMirrorArguments', () => {
  it.each([
    {
      words: [MIRROR],
      raw: WORKSPACE,
      workflow: { kind: 'mirrorToMirror', workspace: 'ws', destination: MIRROR },
    },
    {
      words: [MIRROR, 'ignored'],
      raw: { ...ISC, workspace: 'file://' },
      workflow: { kind: 'mirrorToMirror', workspace: '', destination: MIRROR },
    },
    {
      words: [MIRROR],
      raw: { ...ISC, from: 'file:///disk' },
      workflow: { kind: 'diskToMirror', from: '/disk', destination: MIRROR },
    },
    { words: ['file://disk'], raw: ISC, workflow: { kind: 'mirrorToDisk', folder: 'disk' } },
  ])('takes $words with $raw as $workflow.kind', ({ words, raw, workflow }) => {
    expect(checkMirrorArguments(words, flags(raw))).toEqual(workflow);
  });

  // In the order of the checks (spec, config-and-outputs, 8.4): each row would fail those below it too.
  it.each([
    { words: [], raw: {}, message: 'requires at least 1 arg(s), only received 0' },
    {
      words: ['file://logs'],
      raw: { from: 'x' },
      message: 'use the --config flag it is mandatory',
    },
    {
      words: ['file://logs'],
      raw: { ...WORKSPACE, from: 'x' },
      message:
        'when destination is file://, mirrorToDisk workflow is assumed, and the --from argument is not needed',
    },
    {
      words: ['file:///data/mylogs'],
      raw: { ...WORKSPACE, since: 'x' },
      message: "the destination contains an internal oc-mirror keyword 'logs'",
    },
    {
      words: [MIRROR],
      raw: { ...WORKSPACE, from: 'helm' },
      message: 'when --from is used, it must have file:// prefix',
    },
    {
      words: [MIRROR],
      raw: { ...WORKSPACE, from: 'file:///srv/helmut', since: 'x' },
      message: "the path set in --from flag contains an internal oc-mirror keyword 'helm'",
    },
    {
      words: ['x'],
      raw: { ...WORKSPACE, since: '01-02-2024', dryRun: 'true', dryRunManifestLists: 'true' },
      message: '--since flag needs to be in format yyyy-MM-dd',
    },
    {
      words: ['x'],
      raw: { ...WORKSPACE, since: '2024-02-30' },
      message: '--since flag needs to be in format yyyy-MM-dd',
    },
    {
      words: ['x'],
      raw: { ...WORKSPACE, dryRun: 'true', dryRunManifestLists: 'true', parallelImages: '0' },
      message: '--dry-run and --dry-run-manifest-lists cannot be used together',
    },
    {
      words: ['x'],
      raw: { ...WORKSPACE, parallelImages: '11', parallelLayers: '0' },
      message: 'the flag parallel-images must be between the range 1 to 10',
    },
    {
      words: ['file://disk'],
      raw: { ...WORKSPACE, parallelLayers: '11' },
      message: 'the flag parallel-layers must be between the range 1 to 10',
    },
    {
      words: ['file://disk'],
      raw: WORKSPACE,
      message:
        'when destination is file://, mirrorToDisk workflow is assumed, and the --workspace argument is not needed',
    },
    {
      words: [MIRROR],
      raw: { ...WORKSPACE, from: 'file://disk' },
      message:
        'when destination is docker://, --from (assumes disk to mirror workflow) and --workspace (assumes mirror to mirror workflow) cannot be used together',
    },
    {
      words: [MIRROR],
      raw: ISC,
      message:
        'when destination is docker://, either --from (assumes disk to mirror workflow) or --workspace (assumes mirror to mirror workflow) need to be provided',
    },
    {
      words: ['mirror.example.com/site'],
      raw: WORKSPACE,
      message:
        'destination must have either file:// (mirror to disk) or docker:// (diskToMirror) protocol prefixes',
    },
    {
      words: ['xdocker://mirror.example.com/site'],
      raw: WORKSPACE,
      message:
        'destination must have either file:// (mirror to disk) or docker:// (diskToMirror) protocol prefixes',
    },
  ])('refuses $words with $raw', ({ words, raw, message }) => {
    expect(() => checkMirrorArguments(words, flags(raw as Record<string, string>))).toThrow(
      expect.objectContaining({ code: 'USAGE', message }),
    );
  });

  it('takes --since without a value as none', () => {
    expect(() => checkMirrorArguments(['file://disk'], flags({ ...ISC, since: '' }))).not.toThrow();
  });
});

describe('checkCommonFlags', () => {
  it.each([
    {
      raw: { workspace: 'ws', logLevel: 'loud' },
      environment: {},
      message: 'when --workspace is used, it must have file:// prefix',
    },
    {
      raw: { logLevel: 'loud', cacheDir: 'a' },
      environment: { OC_MIRROR_CACHE: 'b' },
      message: '"loud": invalid log-level, it should be one of (info,debug,trace,error)',
    },
    {
      raw: { cacheDir: 'a' },
      environment: { OC_MIRROR_CACHE: 'b' },
      message: 'either OC_MIRROR_CACHE or --cache-dir can be used but not both',
    },
  ])('refuses $raw with $environment', ({ raw, environment, message }) => {
    const given = flags(raw);

    expect(() => checkCommonFlags(given, environment)).toThrow(message);
  });

  it.each(['info', 'debug', 'trace', 'error'])('takes the level %s', (logLevel) => {
    expect(checkCommonFlags(flags({ logLevel }), { OC_MIRROR_CACHE: 'b' })).toBe(logLevel);
  });
});
