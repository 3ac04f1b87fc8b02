import { type Command, Option } from 'commander';
import type { CommandContext } from './command-context.ts';
import { validateCommand } from './validate.ts';

/** `imageset validate PATH… [--output text|json]` */
export function addValidateCommand(program: Command, { io, finish }: CommandContext): void {
  program
    .command('validate')
    .description('check image sets against schema and rules, with positions')
    .argument('<path...>', 'files, or folders that are searched to any depth')
    .addOption(
      new Option('--output <format>', 'text or json').choices(['text', 'json']).default('text'),
    )
    .action(async (paths: readonly string[], { output }: { readonly output: 'text' | 'json' }) => {
      finish(await validateCommand(paths, io, output));
    });
}
