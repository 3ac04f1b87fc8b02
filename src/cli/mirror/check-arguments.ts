import { ControllerError } from '../../base/controller-error.ts';
import { MIRROR_LOG_LEVELS, type MirrorLogLevel } from './mirror-log.ts';
import type { MirrorFlags } from './mirror-options.ts';

/** What one call of `mirror` is to do. */
export type Workflow =
  | { readonly kind: 'mirrorToMirror'; readonly workspace: string; readonly destination: string }
  | { readonly kind: 'diskToMirror'; readonly from: string; readonly destination: string }
  | { readonly kind: 'mirrorToDisk'; readonly folder: string };

const FILE = 'file://';
const DOCKER = 'docker://';
const MIRROR_TO_DISK = 'when destination is file://, mirrorToDisk workflow is assumed, and the';
const TO_MIRROR = 'when destination is docker://,';
const FROM = '--from (assumes disk to mirror workflow)';
const WORKSPACE = '--workspace (assumes mirror to mirror workflow)';
const RESERVED = [
  'cluster-resources',
  'dry-run',
  'graph-preparation',
  'helm',
  'hold-operator',
  'hold-release',
  'delete',
  'logs',
  'operator-catalogs',
  'release-images',
  'signatures',
];

/** What is checked before any command (spec, config-and-outputs, 8.4). @throws ControllerError USAGE */
export function checkCommonFlags(
  { workspace, logLevel, cacheDir }: Pick<MirrorFlags, 'workspace' | 'logLevel' | 'cacheDir'>,
  environment: Readonly<Record<string, string | undefined>>,
): MirrorLogLevel {
  if (workspace !== '' && !workspace.startsWith(FILE)) {
    throw usage('when --workspace is used, it must have file:// prefix');
  }
  const level = MIRROR_LOG_LEVELS.find((known) => known === logLevel);
  if (level === undefined) {
    const known = MIRROR_LOG_LEVELS.join(',');
    throw usage(`"${logLevel}": invalid log-level, it should be one of (${known})`);
  }
  if (cacheDir !== '' && (environment.OC_MIRROR_CACHE ?? '') !== '') {
    throw usage('either OC_MIRROR_CACHE or --cache-dir can be used but not both');
  }
  return level;
}

/** The checks of the mirror command, in the spec's order (spec, config-and-outputs, 8.4). @throws ControllerError USAGE */
export function checkMirrorArguments(words: readonly string[], flags: MirrorFlags): Workflow {
  const [destination] = words;
  if (destination === undefined) throw usage('requires at least 1 arg(s), only received 0');
  const { config, from, workspace } = flags;
  const isDisk = destination.startsWith(FILE);
  const isMirror = destination.startsWith(DOCKER);
  if (config === '') throw usage('use the --config flag it is mandatory');
  if (isDisk && from !== '') throw usage(`${MIRROR_TO_DISK} --from argument is not needed`);
  if (isDisk) refuseReserved(destination, 'the destination contains');
  if (from !== '' && !from.startsWith(FILE)) {
    throw usage('when --from is used, it must have file:// prefix');
  }
  refuseReserved(from, 'the path set in --from flag contains');
  if (flags.since !== '' && !isDate(flags.since)) {
    throw usage('--since flag needs to be in format yyyy-MM-dd');
  }
  if (flags.dryRun && flags.dryRunManifestLists) {
    throw usage('--dry-run and --dry-run-manifest-lists cannot be used together');
  }
  refuseOutOfRange('parallel-images', flags.parallelImages);
  refuseOutOfRange('parallel-layers', flags.parallelLayers);
  if (isDisk && workspace !== '')
    throw usage(`${MIRROR_TO_DISK} --workspace argument is not needed`);
  if (isMirror && from !== '' && workspace !== '') {
    throw usage(`${TO_MIRROR} ${FROM} and ${WORKSPACE} cannot be used together`);
  }
  if (isMirror && from === '' && workspace === '') {
    throw usage(`${TO_MIRROR} either ${FROM} or ${WORKSPACE} need to be provided`);
  }
  if (isDisk) return { kind: 'mirrorToDisk', folder: destination.slice(FILE.length) };
  if (!isMirror) {
    throw usage(
      'destination must have either file:// (mirror to disk) or docker:// (diskToMirror) protocol prefixes',
    );
  }
  return from === ''
    ? { kind: 'mirrorToMirror', workspace: workspace.slice(FILE.length), destination }
    : { kind: 'diskToMirror', from: from.slice(FILE.length), destination };
}

/** Anywhere in the path, as in the reference tool: its scripts avoid these words. */
function refuseReserved(path: string, where: string): void {
  const word = RESERVED.find((reserved) => path.includes(reserved));
  if (word !== undefined) throw usage(`${where} an internal oc-mirror keyword '${word}'`);
}

function refuseOutOfRange(name: string, value: number): void {
  if (value < 1 || value > 10) throw usage(`the flag ${name} must be between the range 1 to 10`);
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  // 2024-02-30 is read as a day of March, or not at all.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

function usage(message: string): ControllerError {
  return new ControllerError('USAGE', message, { remedy: 'wait-for-change' });
}
