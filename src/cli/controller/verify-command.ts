import { type Command, Option } from 'commander';
import { absolutePlace, formatPlace } from '../../oci/destination.ts';
import type { Presence } from '../../mirror/presence.ts';
import { lookAtHeads, openBranch } from '../../reconcile/reconcile-once.ts';
import {
  type Difference,
  type Unhealed,
  healMirror,
  verifyMirror,
} from '../../reconcile/verify-mirror.ts';
import type { MirrorSettings } from '../../settings/settings.ts';
import type { CommandContext } from '../command-context.ts';
import type { RawFlags } from '../end-options.ts';
import type { CommandIo } from '../io.ts';
import { type ControllerOptions, addControllerOptions } from './controller-options.ts';
import { type OpenController, afterGrace, openController } from './open-controller.ts';
import { progressFor } from './progress-for.ts';

interface VerifyOptions extends ControllerOptions {
  readonly repair?: true;
  readonly output: 'text' | 'json';
}

interface Verified {
  readonly mirror: MirrorSettings;
  readonly images: number;
  readonly differences: readonly Difference[];
  /** Differences that are left. */
  readonly left: readonly Unhealed[];
  readonly hasLock: boolean;
}

const DIFFERENCE_LEFT = 2;

/** `imageset verify [--repair]`: the registry against the lock; exit 0 as locked, 2 when a difference is left (design.md, section 7). */
export function addVerifyCommand(program: Command, { io, signal, finish }: CommandContext): void {
  addControllerOptions(program.command('verify'))
    .description('compare the registry with the lock; writes nothing to Git')
    .option('--repair', 'mirror again, by digest from the source, what is not as locked')
    .addOption(new Option('--output <format>').choices(['text', 'json']).default('text'))
    .action(async (options: VerifyOptions) => {
      await using controller = await openController(options, options as unknown as RawFlags, io, {
        signal,
        progressOf: await progressFor(io, options),
      });
      using grace = afterGrace(signal);
      const verified = await verifyAll(controller, options, grace.signal);
      print(verified, options, io);
      finish(exitCodeOf(verified));
    });
}

/** What could not be looked at is an error, not a difference: it may well be as locked. */
function exitCodeOf(verified: readonly Verified[]): number {
  const left = verified.flatMap(({ differences, left: unhealed }) => {
    const lines = new Set(unhealed.map(({ line }) => line));
    return differences.filter(({ line }) => lines.has(line));
  });
  if (left.some(({ presence }) => presence.kind === 'unknown')) return 1;
  return left.length > 0 ? DIFFERENCE_LEFT : 0;
}

async function verifyAll(
  { dependencies }: OpenController,
  { mirror: only, repair }: VerifyOptions,
  signal: AbortSignal,
): Promise<Verified[]> {
  const { settings, ends, releases, progressOf, sourceGit } = dependencies;
  const heads = await lookAtHeads(dependencies, signal);
  const branch = await openBranch(dependencies, heads.manifests, signal);
  const locks = await branch.locks(signal);
  const verified: Verified[] = [];
  for (const mirror of settings.mirrors.filter(({ name }) => name === (only ?? name))) {
    const found = locks.find(({ folder }) => folder === mirror.output);
    if (found?.error !== undefined) throw found.error;
    if (found?.lock === undefined) {
      verified.push({ mirror, images: 0, differences: [], left: [], hasLock: false });
      continue;
    }
    const progress = progressOf(settings.mirrors.length === 1 ? undefined : mirror.name);
    const context = { mirror, transfer: settings.transfer, ends, releases, progress, sourceGit };
    const differences = await verifyMirror(context, found.lock, signal);
    const left =
      repair === true && differences.length > 0
        ? await healMirror(context, found.lock, differences, signal)
        : differences.map(({ line }) => ({ line, error: undefined }));
    verified.push({ mirror, images: found.lock.images.length, differences, left, hasLock: true });
  }
  return verified;
}

function print(
  verified: readonly Verified[],
  { output, repair }: VerifyOptions,
  io: CommandIo,
): void {
  if (output === 'json') io.stdout(`${JSON.stringify(verified.map(toJson), undefined, 2)}\n`);
  else io.stdout(verified.map((one) => toText(one, repair === true)).join(''));
}

function toText(
  { mirror, images, differences, left, hasLock }: Verified,
  isRepair: boolean,
): string {
  if (!hasLock) return `${mirror.name}: there is no lock yet, nothing to compare\n`;
  if (differences.length === 0) return `${mirror.name}: ${images} images are as locked\n`;
  const errors = new Map(left.map(({ line, error }) => [line.destination, error]));
  const lines = differences.map(({ line, presence }) => {
    const place = absolutePlace(line.destination, mirror.destination);
    const name = place === undefined ? line.destination : formatPlace(place);
    const error = errors.get(line.destination);
    const end = !isRepair
      ? ''
      : error === undefined && !errors.has(line.destination)
        ? '; repaired'
        : `; not repaired: ${error?.message ?? 'stopped'}`;
    return `  ${name}: ${describe(presence, line.digest)}${end}`;
  });
  const count = `${differences.length} of ${images} images are not as locked`;
  const hint = isRepair
    ? [...new Set(left.flatMap(({ error }) => error?.hint ?? []))]
        .map((text) => `  hint: ${text}\n`)
        .join('')
    : left.length === 0
      ? ''
      : '  imageset verify --repair mirrors them again\n';
  return `${mirror.name}: ${count}${isRepair ? `, ${differences.length - left.length} repaired` : ''}\n${lines.join('\n')}\n${hint}`;
}

function describe(
  presence: Exclude<Presence, { readonly kind: 'present' }>,
  digest: string,
): string {
  switch (presence.kind) {
    case 'absent':
      return `gone (${digest})`;
    case 'other':
      return `overwritten: ${presence.digest} instead of ${digest}`;
    case 'incomplete':
      return `incomplete: ${presence.missing.length} manifests of its index are gone`;
    case 'unknown':
      return `could not be looked at: ${presence.error.message}`;
    default:
      return presence satisfies never;
  }
}

function toJson({ mirror, images, differences, left, hasLock }: Verified): object {
  const isLeft = new Set(left.map(({ line }) => line.destination));
  return {
    mirror: mirror.name,
    hasLock,
    images,
    differences: differences.map(({ line, presence }) => ({
      destination: line.destination,
      digest: line.digest,
      found: presence.kind,
      left: isLeft.has(line.destination),
    })),
  };
}
