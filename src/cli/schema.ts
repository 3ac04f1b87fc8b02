import { imageSetSchema } from '../imageset/image-set-json-schema.ts';
import { settingsSchema } from '../settings/settings-json-schema.ts';
import type { CommandIo } from './io.ts';

const SCHEMAS = { imageset: imageSetSchema, settings: settingsSchema } as const;

/** What `imageset schema` knows the schema of. */
export type SchemaName = keyof typeof SCHEMAS;
export const SCHEMA_NAMES = Object.keys(SCHEMAS) as readonly SchemaName[];

/** The text of a JSON Schema; the same bytes every time. */
export function schemaText(name: SchemaName): string {
  return `${JSON.stringify(SCHEMAS[name](), null, 2)}\n`;
}

/** `imageset schema [imageset|settings]`: a JSON Schema on stdout, for editors and checks. Returns the exit code. */
export function schemaCommand(
  io: Pick<CommandIo, 'stdout'>,
  name: SchemaName = 'imageset',
): number {
  io.stdout(schemaText(name));
  return 0;
}
