import type { Command } from 'commander';
import { addRegistryCommand } from './add-registry-command.ts';
import { addSchemaCommand } from './add-schema-command.ts';
import { addValidateCommand } from './add-validate-command.ts';
import type { CommandContext } from './command-context.ts';
import { addMirrorCommand } from './mirror/mirror-command.ts';
import { addVersionCommand } from './version.ts';

/** Every command, in the order of the help. A new one has a file that exports `add…Command`, and two lines here. */
export function addCommands(program: Command, context: CommandContext): void {
  addMirrorCommand(program, context);
  addValidateCommand(program, context);
  addSchemaCommand(program, context);
  addRegistryCommand(program, context);
  addVersionCommand(program, context);
}
