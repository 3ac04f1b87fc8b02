import { type Command, Option } from 'commander';
import { addEndOptions } from '../end-options.ts';
import { LOG_LEVELS } from '../make-log.ts';

/** Options that `run`, `plan`, `verify`, `why` and `log` share, as commander holds them. */
export interface ControllerOptions {
  readonly settings?: string;
  readonly state?: string;
  readonly source?: string;
  readonly destination?: string;
  readonly branch?: string;
  readonly manifestsBranch?: string;
  readonly path?: string;
  readonly outputFolder?: string;
  readonly mirror?: string;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly logFormat?: 'json' | 'text';
}

/** Adds the options that say which mirrors a command is about (design.md, sections 6 and 7). */
export function addControllerOptions(command: Command): Command {
  command
    .option(
      '--settings <file>',
      'settings of the controller; without it the flags below describe one mirror',
    )
    .option('--state <directory>', 'what can be made again; default: the state folder of the user')
    .option('--source <url>', 'Git repository with the image sets')
    .option('--destination <docker://host/path>', 'registry to fill')
    .option('--branch <name>', 'branch with the image sets (default "main")')
    .option(
      '--manifests-branch <name>',
      'branch that resources and lock are committed to (default "manifests")',
    )
    .option('--path <path>', 'file or folder with image sets (default: the whole branch)')
    .option('--output-folder <path>', 'folder of the manifests branch (default: its root)')
    .option('--mirror <name>', 'only this mirror of the settings');
  addEndOptions(command);
  return command
    .addOption(
      new Option('--log-level <level>', 'what is logged').choices([...LOG_LEVELS]).default('info'),
    )
    .addOption(
      new Option('--log-format <format>', 'default: text on a terminal, else json').choices([
        'json',
        'text',
      ]),
    );
}
