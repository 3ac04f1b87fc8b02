import { type Command, Option } from 'commander';
import type { CommandContext } from './command-context.ts';
import { type RawFlags, readSwitch, readText, switchOption } from './end-options.ts';
import { LOG_LEVELS, type LogLevel } from './make-log.ts';
import { parseInteger } from './parse-flag-value.ts';
import { type RegistryServeOptions, registryServe } from './registry-serve.ts';

/** `imageset registry serve FOLDER` */
export function addRegistryCommand(program: Command, { io, signal, finish }: CommandContext): void {
  program
    .command('registry')
    .description('the embedded registry')
    .command('serve')
    .description('serve a folder of content as a registry')
    .argument('<folder>', 'the storage folder; made when missing')
    .option('--host <address>', 'address to listen on (default 127.0.0.1)')
    .option('--port <number>', 'port; 0: any free one (default 5000)')
    .option('--tls-certificate <file>', 'certificate chain, PEM')
    .option('--tls-key <file>', 'its key, PEM')
    .option('--htpasswd <file>', 'users with bcrypt passwords')
    .addOption(switchOption('--anonymous', 'serve other machines without credentials'))
    .addOption(switchOption('--read-only', 'refuse pushes and deletes'))
    .addOption(
      new Option('--log-level <level>', 'what is logged').choices(LOG_LEVELS).default('info'),
    )
    .action(async (folder: string, raw: RawFlags) => {
      finish(await registryServe(readOptions(folder, raw), io, signal));
    });
}

/** @throws ControllerError USAGE */
function readOptions(folder: string, raw: RawFlags): RegistryServeOptions {
  const host = readText(raw, '--host');
  const port = readText(raw, '--port');
  const tlsCertificate = readText(raw, '--tls-certificate');
  const tlsKey = readText(raw, '--tls-key');
  const htpasswd = readText(raw, '--htpasswd');
  return {
    folder,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port: parseInteger('--port', port, { min: 0, max: 65_535 }) }),
    ...(tlsCertificate === undefined ? {} : { tlsCertificate }),
    ...(tlsKey === undefined ? {} : { tlsKey }),
    ...(htpasswd === undefined ? {} : { htpasswd }),
    anonymous: readSwitch(raw, '--anonymous') ?? false,
    readOnly: readSwitch(raw, '--read-only') ?? false,
    logLevel: readText(raw, '--log-level') as LogLevel,
  };
}
