import { stringify } from 'yaml';
import { type Command, Option } from 'commander';
import type { CommandContext } from './command-context.ts';
import { switchOption } from './end-options.ts';
import { packageVersion } from './package-version.ts';

/** `imageset version [--output yaml|json] [--short]` (spec, config-and-outputs, 8.1). */
export function addVersionCommand(program: Command, { io, finish }: CommandContext): void {
  program
    .command('version')
    .description('print the version')
    .option('--output <format>', 'yaml or json')
    .addOption(switchOption('--short', 'print the number alone').hideHelp())
    .addOption(new Option('--log-level <level>').hideHelp())
    .action((options: { readonly output?: string; readonly short?: string }) => {
      const text = formatVersion(options.output ?? '', options.short === 'true');
      if (text === undefined) io.stderr("--output must be 'yaml' or 'json'\n");
      else io.stdout(text);
      finish(text === undefined ? 1 : 0);
    });
}

function formatVersion(output: string, isShort: boolean): string | undefined {
  const gitVersion = `v${packageVersion()}`;
  const [major = '', minor = ''] = gitVersion.slice(1).split('.');
  const { version: nodeVersion, platform, arch } = process;
  const clientVersion = { gitVersion, major, minor, nodeVersion, platform: `${platform}/${arch}` };
  if (output === 'json') return `${JSON.stringify({ clientVersion }, undefined, 2)}\n`;
  if (output === 'yaml') return stringify({ clientVersion });
  if (output !== '') return undefined;
  return isShort ? `Client Version: ${gitVersion}\n` : `imageset version ${gitVersion}\n`;
}
