import { readFileSync } from 'node:fs';
import { z } from 'zod';

const Package = z.object({ version: z.string() });

/** The version of this package, e.g. `0.1.0`. */
export function packageVersion(): string {
  // From src/cli as from dist/cli, two levels up is the package.
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return Package.parse(JSON.parse(text)).version;
}
