import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';

type AddCommand = (program: Command, context: CommandContext) => void;

/**
 * Every command, in the order of the help. A new one has a file that exports `add…Command`, and a line here. Loaded
 * when it is called: the controller's commands bring Git along, which `mirror` starts twice as fast without.
 */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  mirror: async () => (await import('./mirror/mirror-command.ts')).addMirrorCommand,
  list: async () => (await import('./list/list-command.ts')).addListCommand,
  run: async () => (await import('./controller/run-command.ts')).addRunCommand,
  plan: async () => (await import('./controller/plan-command.ts')).addPlanCommand,
  verify: async () => (await import('./controller/verify-command.ts')).addVerifyCommand,
  why: async () => (await import('./controller/why-command.ts')).addWhyCommand,
  log: async () => (await import('./controller/log-command.ts')).addLogCommand,
  validate: async () => (await import('./add-validate-command.ts')).addValidateCommand,
  schema: async () => (await import('./add-schema-command.ts')).addSchemaCommand,
  registry: async () => (await import('./add-registry-command.ts')).addRegistryCommand,
  version: async () => (await import('./version.ts')).addVersionCommand,
};

export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

/** Adds the command of that name alone; all of them where it is none, since any may be meant or asked about. */
export async function addCommands(
  program: Command,
  context: CommandContext,
  name: string | undefined,
): Promise<void> {
  const isOne = name !== undefined && Object.hasOwn(COMMANDS, name);
  for (const one of isOne ? [name] : COMMAND_NAMES) (await COMMANDS[one]?.())?.(program, context);
}
