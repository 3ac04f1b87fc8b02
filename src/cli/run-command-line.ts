import { Command, CommanderError } from 'commander';
import { addCommands, COMMAND_NAMES } from './commands.ts';
import type { CommandIo } from './io.ts';
import { type FlagShape, normaliseArguments } from './normalise-arguments.ts';
import { formatErrorLine } from './mirror/mirror-log.ts';
import { packageVersion } from './package-version.ts';
import { reportError } from './report-error.ts';

/** What a call without a command means (design.md, section 7). */
const BY_DEFAULT = 'mirror';
/** Commands of the reference tool that are not here: named as what they are, not taken for a destination. */
const MISSING = ['delete', 'describe', 'init', 'completion'];
/** Commands of the reference tool: their errors look as there. */
const REFERENCE_COMMANDS = [BY_DEFAULT, 'list'];

const VERSION_OPTION = [
  `imageset version v${packageVersion()}`,
  '-v, --version',
  'print the version',
] as const;

/**
 * Runs one command line, without program name. Never throws: what goes wrong is printed.
 * @returns the exit code.
 */
export async function runCommandLine(
  args: readonly string[],
  io: CommandIo,
  signal: AbortSignal,
): Promise<number> {
  let code = 0;
  const program = createProgram(io);
  const context = {
    io,
    signal,
    finish: (value: number) => {
      code = value;
    },
  };
  await addCommands(program, context, commandToLoad(args));
  program.commands.find((command) => command.name() === BY_DEFAULT)?.version(...VERSION_OPTION);
  const line = commandLineOf(args, program);
  const [command = ''] = line;
  if (MISSING.includes(command)) {
    io.stderr(formatErrorLine(`this version has no command "${command}"`, io.now()));
    return 1;
  }
  try {
    await program.parseAsync(line, { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      io.stderr(reportError(error, { withCauses: isDebug(args) }));
      return 1;
    }
    if (error.exitCode === 0) return 0;
    const message = inReferenceWords(error);
    const isAlike = REFERENCE_COMMANDS.includes(command);
    io.stderr(isAlike ? formatErrorLine(message, io.now()) : `error: ${message}\n`);
    return 1;
  }
}

/** The command that is meant as far as the words alone tell: where none of them is one, what a call without a command means. */
function commandToLoad(args: readonly string[]): string | undefined {
  const isPlain =
    args.length > 0 &&
    !isAboutProgram(args) &&
    args.every((word) => word !== 'help' && !COMMAND_NAMES.includes(word));
  return isPlain ? BY_DEFAULT : args[0];
}

function isAboutProgram(args: readonly string[]): boolean {
  return args.some((argument) => ['-h', '--help', '-v', '--version'].includes(argument));
}

function createProgram(io: CommandIo): Command {
  const program = new Command('imageset')
    .description(
      'Keeps container mirror registries equal to what ImageSetConfiguration files say.\n' +
        'Without a command: mirror. "imageset COMMAND --help" shows the flags of a command.',
    )
    .version(...VERSION_OPTION)
    // `list operators --version 4.20` is not about the program.
    .enablePositionalOptions()
    .helpOption('-h, --help', 'print help')
    .exitOverride()
    .configureOutput({
      writeOut: io.stdout,
      writeErr: io.stderr,
      // The message is printed below, after the usage text, in our words.
      outputError: () => undefined,
      getOutHelpWidth: io.columns,
      getErrHelpWidth: io.columns,
    })
    .configureHelp({
      optionTerm: (option) => option.flags.replace(' [bool]', ''),
      sortOptions: false,
    })
    .showHelpAfterError(true);
  return program;
}

function commandLineOf(args: readonly string[], program: Command): string[] {
  const names = [...COMMAND_NAMES, 'help', ...MISSING];
  const words = args.filter((argument) => argument !== '--v2');
  if (isAboutProgram(args) && words.length === 1) return words;
  return normaliseArguments(args, flagsOf(program), names, BY_DEFAULT);
}

/** The flags of all commands at any depth; one name means the same everywhere. */
function flagsOf(command: Command): FlagShape[] {
  const own = command.options.flatMap(({ long, short, required, optional }): FlagShape[] =>
    // Flags that are neither are commander's own, or of commands that read no `=VALUE`.
    long === undefined || (!required && !optional) ? [] : [{ long, short, takesValue: required }],
  );
  return [...own, ...command.commands.flatMap(flagsOf)];
}

/** Commander's messages as the reference tool words them (spec, config-and-outputs, 8.1). */
function inReferenceWords({ code, message }: CommanderError): string {
  const text = message.replace(/^error: /, '');
  const [, named = ''] = /'([^']*)'/.exec(text) ?? [];
  if (code === 'commander.unknownOption') {
    if (named.startsWith('--'))
      return text.replace(/^unknown option '([^']*)'/, 'unknown flag: $1');
    return `unknown shorthand flag: '${named.charAt(1)}' in ${named}`;
  }
  if (code === 'commander.optionMissingArgument') {
    const flag = named.split(/[ ,]+/).find((word) => word.startsWith('--')) ?? named;
    return `flag needs an argument: ${flag}`;
  }
  return text;
}

function isDebug(args: readonly string[]): boolean {
  return /--log-level[= ](?:debug|trace)/.test(args.join(' '));
}
