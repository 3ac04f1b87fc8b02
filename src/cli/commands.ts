import type { Command } from 'commander';
import { addRegistryCommand } from './add-registry-command.ts';
import { addSchemaCommand } from './add-schema-command.ts';
import { addValidateCommand } from './add-validate-command.ts';
import type { CommandContext } from './command-context.ts';
import { addLogCommand } from './controller/log-command.ts';
import { addPlanCommand } from './controller/plan-command.ts';
import { addRunCommand } from './controller/run-command.ts';
import { addVerifyCommand } from './controller/verify-command.ts';
import { addWhyCommand } from './controller/why-command.ts';
import { addListCommand } from './list/list-command.ts';
import { addMirrorCommand } from './mirror/mirror-command.ts';
import { addVersionCommand } from './version.ts';

/** Every command, in the order of the help. A new one has a file that exports `add…Command`, and two lines here. */
export function addCommands(program: Command, context: CommandContext): void {
  addMirrorCommand(program, context);
  addListCommand(program, context);
  addRunCommand(program, context);
  addPlanCommand(program, context);
  addVerifyCommand(program, context);
  addWhyCommand(program, context);
  addLogCommand(program, context);
  addValidateCommand(program, context);
  addSchemaCommand(program, context);
  addRegistryCommand(program, context);
  addVersionCommand(program, context);
}
