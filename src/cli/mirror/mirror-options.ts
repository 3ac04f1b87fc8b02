import { type Command, Option } from 'commander';
import {
  type RawFlags,
  addEndOptions,
  readEndFlags,
  readSwitch,
  readText,
  switchOption,
} from '../end-options.ts';
import type { EndFlags } from '../end-settings-from-flags.ts';
import { parseDuration, parseInteger } from '../parse-flag-value.ts';

/** The flags of `imageset mirror`, read but not checked against each other (spec, config-and-outputs, 8.2 and 8.3). */
export interface MirrorFlags {
  readonly config: string;
  readonly workspace: string;
  readonly from: string;
  readonly cacheDir: string;
  readonly logLevel: string;
  readonly since: string;
  readonly dryRun: boolean;
  readonly dryRunManifestLists: boolean;
  readonly parallelImages: number;
  /** Blobs in flight for each image in flight. */
  readonly parallelLayers: number;
  /** Retries after the first attempt; negative: none. */
  readonly retryTimes: number;
  /** 0: exponential. */
  readonly retryDelayMs: number;
  /** For each image, retries included; 0 or less: none. */
  readonly imageTimeoutMs: number;
  readonly maxNestedPaths: number;
  /** Of the reference tool's cache registry; nothing listens there. */
  readonly port: number;
  readonly removeSignatures: boolean;
  readonly securePolicy: boolean;
  /** Counts for `platform.release` alone. */
  readonly ignoreReleaseSignature: boolean;
  readonly source: EndFlags;
  readonly destination: EndFlags;
}

const PORT_MAX = 65_535;
const INT = { min: -2_147_483_648, max: 2_147_483_647 };
const UINT = { min: 0, max: 4_294_967_295 };

/** Accepted for the sake of scripts, no effect: hidden there too, or of modes that this version has not. */
const IGNORED_SWITCHES = [
  '--dest-compress',
  '--dest-decompress',
  '--dest-oci-accept-uncompressed-layers',
  '--dest-precompute-digests',
  '--tls-verify',
  '--strict-archive',
];
const IGNORED_TEXTS = [
  '--dest-compress-format',
  '--cpu-prof',
  '--mem-prof',
  '--policy',
  '--registries.d',
  '--rootless-storage-path',
];

export function addMirrorOptions(command: Command): void {
  command
    .option('-c, --config <file>', 'the ImageSetConfiguration')
    .option(
      '--workspace <file://dir>',
      'folder for logs, cluster resources and pinned configurations',
    )
    .option('--from <file://dir>', 'folder of archives, from disk to mirror')
    .option(
      '--cache-dir <dir>',
      'folder of the cache; default: $OC_MIRROR_CACHE, else the home folder',
    )
    .option('--log-level <level>', 'info, debug, trace or error (default info)')
    .option('-p, --port <number>', 'accepted, no effect: there is no cache registry')
    .option('--parallel-images <number>', 'images in flight, 1 to 10 (default 4)')
    .option('--parallel-layers <number>', 'blobs in flight for each image, 1 to 10 (default 5)')
    .option('--retry-times <number>', 'retries after the first attempt (default 5)')
    .option('--retry-delay <duration>', 'pause between attempts; 0 (the default): exponential')
    .option('--image-timeout <duration>', 'limit for each image, retries included (default 10m)')
    .option(
      '--max-nested-paths <number>',
      'depth of paths at the destination; 0 (the default): any',
    )
    .option('--since <yyyy-MM-dd>', 'for archives: what is new since then')
    .addOption(switchOption('--dry-run', 'say what would be mirrored'))
    .addOption(switchOption('--dry-run-manifest-lists', 'the same, with the instances of lists'))
    .addOption(switchOption('--remove-signatures', 'do not copy signatures and attestations'))
    .addOption(switchOption('--secure-policy', 'enforce the trust policy'))
    .addOption(
      switchOption('--ignore-release-signature', 'take platform.release without a signature'),
    );
  addEndOptions(command);
  for (const flag of IGNORED_SWITCHES) command.addOption(switchOption(flag, '').hideHelp());
  for (const flag of IGNORED_TEXTS) command.addOption(new Option(`${flag} <text>`).hideHelp());
  command
    .addOption(new Option('--dest-compress-level <number>').hideHelp())
    .addOption(switchOption('-q, --quiet', '').hideHelp())
    .addOption(switchOption('-f, --force', '').hideHelp());
}

/** @throws ControllerError USAGE for a value that cannot be read. */
export function readMirrorFlags(raw: RawFlags): MirrorFlags {
  for (const flag of [...IGNORED_SWITCHES, '--quiet', '--force']) readSwitch(raw, flag);
  readNumber(raw, '--dest-compress-level', 0, INT);
  return {
    config: readText(raw, '--config') ?? '',
    workspace: readText(raw, '--workspace') ?? '',
    from: readText(raw, '--from') ?? '',
    cacheDir: readText(raw, '--cache-dir') ?? '',
    logLevel: readText(raw, '--log-level') ?? 'info',
    since: readText(raw, '--since') ?? '',
    dryRun: readSwitch(raw, '--dry-run') ?? false,
    dryRunManifestLists: readSwitch(raw, '--dry-run-manifest-lists') ?? false,
    parallelImages: readNumber(raw, '--parallel-images', 4, UINT),
    parallelLayers: readNumber(raw, '--parallel-layers', 5, UINT),
    retryTimes: readNumber(raw, '--retry-times', 5, INT),
    retryDelayMs: parseDuration('--retry-delay', readText(raw, '--retry-delay') ?? '0'),
    imageTimeoutMs: parseDuration('--image-timeout', readText(raw, '--image-timeout') ?? '10m'),
    maxNestedPaths: readNumber(raw, '--max-nested-paths', 0, INT),
    port: readNumber(raw, '--port', 55_000, { min: 0, max: PORT_MAX }),
    removeSignatures: readSwitch(raw, '--remove-signatures') ?? false,
    securePolicy: readSwitch(raw, '--secure-policy') ?? false,
    ignoreReleaseSignature: readSwitch(raw, '--ignore-release-signature') ?? false,
    source: readEndFlags(raw, 'src'),
    destination: readEndFlags(raw, 'dest'),
  };
}

function readNumber(
  raw: RawFlags,
  flag: string,
  byDefault: number,
  bounds: { readonly min: number; readonly max: number },
): number {
  const text = readText(raw, flag);
  return text === undefined ? byDefault : parseInteger(flag, text, bounds);
}
