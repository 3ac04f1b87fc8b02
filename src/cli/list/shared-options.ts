import { type Command, Option } from 'commander';
import { type RawFlags, addEndOptions, readEndFlags, readText } from '../end-options.ts';
import type { EndFlags } from '../end-settings-from-flags.ts';
import { checkCommonFlags } from '../mirror/check-arguments.ts';
import type { MirrorLogLevel } from '../mirror/mirror-log.ts';
import { parseDuration, parseInteger } from '../parse-flag-value.ts';

/** What every call of `imageset list` says beside what it asks for. */
export interface SharedFlags {
  readonly output: 'text' | 'json';
  readonly logLevel: MirrorLogLevel;
  readonly retry: { readonly times: number; readonly delayMs: number };
  readonly cacheDir: string;
  readonly source: EndFlags;
  readonly destination: EndFlags;
}

/** Flags that every command of the reference tool has and that say nothing here (spec, config-and-outputs, 8.2). */
const IGNORED = [
  '-c, --config <file>',
  '--workspace <file://dir>',
  '-p, --port <number>',
  '--parallel-images <number>',
  '--parallel-layers <number>',
  '--policy <file>',
  '--registries.d <directory>',
];
const RETRIES = { min: -2_147_483_648, max: 2_147_483_647 };

/** Output, cache, log, retries, credentials, and what is accepted without effect. */
export function addSharedOptions(command: Command): void {
  command
    .addOption(
      new Option('--output <format>', 'text or json').choices(['text', 'json']).default('text'),
    )
    .option(
      '--cache-dir <dir>',
      'where catalogs that were read are kept; default: the cache folder',
    )
    .option('--log-level <level>', 'info, debug, trace or error (default info)')
    .option('--retry-times <number>', 'retries after the first attempt (default 5)')
    .option('--retry-delay <duration>', 'pause between attempts; 0 (the default): exponential');
  addEndOptions(command);
  command.options.find(({ long }) => long === '--dest-tls-verify')?.hideHelp();
  for (const flags of IGNORED) command.addOption(new Option(flags).hideHelp());
}

/** @throws ControllerError USAGE */
export function readSharedFlags(
  raw: RawFlags,
  environment: Readonly<Record<string, string | undefined>>,
): SharedFlags {
  const cacheDir = readText(raw, '--cache-dir') ?? '';
  const workspace = readText(raw, '--workspace') ?? '';
  const logLevel = readText(raw, '--log-level') ?? 'info';
  const times = parseInteger('--retry-times', readText(raw, '--retry-times') ?? '5', RETRIES);
  const delayMs = parseDuration('--retry-delay', readText(raw, '--retry-delay') ?? '0');
  return {
    output: readText(raw, '--output') === 'json' ? 'json' : 'text',
    logLevel: checkCommonFlags({ workspace, logLevel, cacheDir }, environment),
    retry: { times, delayMs: Math.max(0, delayMs) },
    cacheDir,
    source: readEndFlags(raw, 'src'),
    destination: readEndFlags(raw, 'dest'),
  };
}
