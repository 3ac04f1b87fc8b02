/** What the grammar needs to know of a flag. */
export interface FlagShape {
  /** With dashes: `--dry-run`. */
  readonly long: string;
  /** With dash: `-c`. */
  readonly short: string | undefined;
  readonly takesValue: boolean;
}

/**
 * Turns arguments in the reference tool's grammar (spec, config-and-outputs, 8.1) into what commander reads alike:
 * the command first, switches always as `--flag=VALUE` (so that `--flag false` leaves `false` a word of its own),
 * no `=` behind a short flag. `--v2`, which says nothing, goes.
 *
 * @param commands the names that are commands; the first word is one of them or belongs to `byDefault`.
 */
export function normaliseArguments(
  args: readonly string[],
  flags: readonly FlagShape[],
  commands: readonly string[],
  byDefault: string,
): string[] {
  const byName = new Map<string, FlagShape>();
  for (const flag of flags) {
    byName.set(flag.long, flag);
    if (flag.short !== undefined) byName.set(flag.short, flag);
  }
  const rest: string[] = [];
  let command: string | undefined;
  let isFirstWord = true;

  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? '';
    if (argument === '--') {
      rest.push(...args.slice(index));
      break;
    }
    if (argument === '--v2') continue;
    if (!isFlag(argument)) {
      if (isFirstWord && commands.includes(argument)) command = argument;
      else rest.push(argument);
      isFirstWord = false;
      continue;
    }
    const flag = byName.get(argument);
    if (flag === undefined) rest.push(withoutEquals(argument, byName));
    else if (!flag.takesValue) rest.push(`${flag.long}=true`);
    else {
      rest.push(argument);
      const value = args[index + 1];
      // Whatever stands behind a flag that takes a value is its value.
      if (value !== undefined) rest.push(value);
      index += 1;
    }
  }
  return [command ?? byDefault, ...rest];
}

function isFlag(argument: string): boolean {
  return argument.length > 1 && argument.startsWith('-');
}

/** `-c=isc.yaml` is `-c isc.yaml` (pflag), which commander would read as the value `=isc.yaml`. */
function withoutEquals(argument: string, byName: ReadonlyMap<string, FlagShape>): string {
  const isShort = argument[2] === '=' && byName.get(argument.slice(0, 2))?.takesValue === true;
  return isShort ? argument.slice(0, 2) + argument.slice(3) : argument;
}
