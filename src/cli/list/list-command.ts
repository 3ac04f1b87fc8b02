import type { Command } from 'commander';
import { ControllerError } from '../../base/controller-error.ts';
import type { CommandContext } from '../command-context.ts';
import type { RawFlags } from '../end-options.ts';
import type { CommandIo } from '../io.ts';
import { createMirrorLog, formatErrorLine } from '../mirror/mirror-log.ts';
import { reportError } from '../report-error.ts';
import { addListOptions, readListCall } from './list-options.ts';
import { listOperators } from './list-operators.ts';
import { releaseListCommand } from './release-list-command.ts';
import { addReleaseListOptions, readReleaseListCall } from './release-list-options.ts';

/** `imageset list`, with the reference tool's flags, output and exit codes (spec, config-and-outputs, 8.7 and 8.8). */
export function addListCommand(program: Command, { io, signal, finish }: CommandContext): void {
  const list = program
    .command('list')
    .description('what can be mirrored: releases and their channels, operator catalogs')
    .argument('[kind...]')
    .usage('releases|operators [flags]')
    // Also where the kind is not known (spec, config-and-outputs, 8.1).
    .action(() => {
      io.stdout(list.helpInformation());
    });
  const releases = list
    .command('releases')
    .description('OpenShift: minor versions, the channels of a version, the releases of a channel')
    .argument('[word...]')
    .usage('[--version X.Y [--channels] | --channel NAME] [flags]')
    .addHelpText(
      'after',
      `\nEnvironment:\n  UPDATE_URL_OVERRIDE       the update service, in place of the public one`,
    );
  addReleaseListOptions(releases);
  releases.action(async (words: readonly string[], raw: RawFlags) => {
    const run = async (): Promise<number> => {
      const call = readReleaseListCall(raw, io.environment);
      const log = createMirrorLog(io, call.logLevel);
      for (const word of words) log.warn(`"${word}" is no flag and says nothing here`);
      return await releaseListCommand(call, io, signal);
    };
    finish(await reporting(run, releases.helpInformation(), io));
  });
  const operators = list
    .command('operators')
    .description('catalogs of a version, packages of a catalog, channels of a package, versions')
    .argument('[word...]')
    .usage('--catalog HOST/PATH:TAG [--package NAME [--channel NAME]] [flags]');
  addListOptions(operators);
  operators.action(async (words: readonly string[], raw: RawFlags) => {
    const run = async (): Promise<number> => {
      const call = readListCall(words, raw, io.environment);
      io.stdout(await listOperators(call, io, signal));
      return 0;
    };
    finish(await reporting(run, operators.helpInformation(), io));
  });
}

/**
 * Says what went wrong; with errors of the arguments the usage.
 * @returns the exit code.
 */
async function reporting(
  run: () => Promise<number>,
  usage: string,
  io: CommandIo,
): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof ControllerError)) {
      io.stderr(reportError(error, { withCauses: true }));
      return 1;
    }
    if (error.code === 'USAGE') io.stderr(`${usage}\n`);
    const hint = error.hint === undefined ? '' : ` (${error.hint})`;
    io.stderr(formatErrorLine(`${error.message}${hint}`, io.now()));
    return 1;
  }
}
