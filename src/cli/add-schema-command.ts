import { Argument, type Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { SCHEMA_NAMES, type SchemaName, schemaCommand } from './schema.ts';

/** `imageset schema [imageset|settings]` */
export function addSchemaCommand(program: Command, { io, finish }: CommandContext): void {
  program
    .command('schema')
    .description('print a JSON Schema, for editors and checks')
    .addArgument(new Argument('[name]', 'of which files').choices(SCHEMA_NAMES).default('imageset'))
    .action((name: SchemaName) => {
      finish(schemaCommand(io, name));
    });
}
