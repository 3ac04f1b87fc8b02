import { type Command, Option } from 'commander';
import type { EndFlags } from './end-settings-from-flags.ts';
import { parseSwitch } from './parse-flag-value.ts';

/** Values of options as commander holds them: texts, by attribute name. */
export type RawFlags = Readonly<Record<string, unknown>>;

/** Adds `--authfile`, `--src-tls-verify` and `--dest-tls-verify`, and the hidden `src-`/`dest-` flags (spec, config-and-outputs, 8.2). */
export function addEndOptions(command: Command): void {
  command
    .option(
      '--authfile <file>',
      'credentials file; default: $REGISTRY_AUTH_FILE, else the usual places',
    )
    .addOption(
      switchOption(
        '--src-tls-verify',
        'require HTTPS and verify certificates of sources (default true)',
      ),
    )
    .addOption(
      switchOption(
        '--dest-tls-verify',
        'require HTTPS and verify certificates of the destination (default true)',
      ),
    );
  for (const [end, alias] of [
    ['src', '--screds'],
    ['dest', '--dcreds'],
  ] as const) {
    for (const [name, value] of [
      [`--${end}-authfile`, '<file>'],
      [`--${end}-creds`, '<user:password>'],
      [alias, '<user:password>'],
      [`--${end}-username`, '<user>'],
      [`--${end}-password`, '<password>'],
      [`--${end}-registry-token`, '<token>'],
      [`--${end}-cert-dir`, '<directory>'],
      // Of stores that are not mirrored here; accepted, no effect.
      [`--${end}-shared-blob-dir`, '<directory>'],
      [`--${end}-daemon-host`, '<host>'],
    ] as const) {
      command.addOption(new Option(`${name} ${value}`).hideHelp());
    }
    command.addOption(
      switchOption(`--${end}-no-creds`, 'access the registry anonymously').hideHelp(),
    );
  }
}

/** A switch: `--flag`, `--flag=false`. `normaliseArguments` gives it its value. */
export function switchOption(flags: string, description: string): Option {
  return new Option(`${flags} [bool]`, description);
}

/** The value of a switch, undefined where it was not given. @throws ControllerError USAGE */
export function readSwitch(raw: RawFlags, flag: string): boolean | undefined {
  const text = readText(raw, flag);
  return text === undefined ? undefined : parseSwitch(flag, text);
}

/** The value of a flag, undefined where it was not given. */
export function readText(raw: RawFlags, flag: string): string | undefined {
  const value = raw[new Option(flag).attributeName()];
  return typeof value === 'string' ? value : undefined;
}

/** The flags of one end. @throws ControllerError USAGE */
export function readEndFlags(raw: RawFlags, end: 'src' | 'dest'): EndFlags {
  return {
    tlsVerify: readSwitch(raw, `--${end}-tls-verify`),
    authfile: readText(raw, `--${end}-authfile`) ?? readText(raw, '--authfile'),
    creds:
      readText(raw, `--${end}-creds`) ?? readText(raw, end === 'src' ? '--screds' : '--dcreds'),
    username: readText(raw, `--${end}-username`),
    password: readText(raw, `--${end}-password`),
    registryToken: readText(raw, `--${end}-registry-token`),
    noCreds: readSwitch(raw, `--${end}-no-creds`),
    certDir: readText(raw, `--${end}-cert-dir`),
  };
}
