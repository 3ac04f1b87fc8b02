import type { Command } from 'commander';
import { ControllerError } from '../../base/controller-error.ts';
import type { CommandContext } from '../command-context.ts';
import type { RawFlags } from '../end-options.ts';
import type { CommandIo } from '../io.ts';
import { formatErrorLine } from '../mirror/mirror-log.ts';
import { reportError } from '../report-error.ts';
import { addListOptions, readListCall } from './list-options.ts';
import { listOperators } from './list-operators.ts';

/** `imageset list operators`, with the reference tool's flags, output and exit codes (spec, config-and-outputs, 8.8). */
export function addListCommand(program: Command, { io, signal, finish }: CommandContext): void {
  const list = program
    .command('list')
    .description('what can be mirrored: operator catalogs and what is in them')
    .argument('[kind...]')
    .usage('operators [flags]')
    // Also where the kind is not known (spec, config-and-outputs, 8.1).
    .action(() => {
      io.stdout(list.helpInformation());
    });
  list
    .command('releases', { hidden: true })
    .argument('[word...]')
    .allowUnknownOption()
    .action(() => {
      io.stderr(formatErrorLine('this version has no command "list releases"', io.now()));
      finish(1);
    });
  const operators = list
    .command('operators')
    .description('catalogs of a version, packages of a catalog, channels of a package, versions')
    .argument('[word...]')
    .usage('--catalog HOST/PATH:TAG [--package NAME [--channel NAME]] [flags]');
  addListOptions(operators);
  operators.action(async (words: readonly string[], raw: RawFlags) => {
    finish(await listCommand({ words, raw, usage: operators.helpInformation() }, io, signal));
  });
}

interface ListArguments {
  readonly words: readonly string[];
  readonly raw: RawFlags;
  /** Printed with errors of the arguments. */
  readonly usage: string;
}

/** @returns the exit code: 0, or 1 with nothing on stdout. */
async function listCommand(
  { words, raw, usage }: ListArguments,
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  try {
    const call = readListCall(words, raw, io.environment);
    io.stdout(await listOperators(call, io, signal));
    return 0;
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
