import { type ProgramResult, runProgram, runProgramOrThrow } from './run-program.ts';

export interface SkopeoOptions {
  /** A folder with `ca.crt`; without it TLS is not verified and plain HTTP is tried. */
  readonly certificateFolder?: string;
  /** `user:password`. */
  readonly credentials?: string;
}

/** Nothing of the machine's configuration counts in tests. */
const ENVIRONMENT = { CONTAINERS_REGISTRIES_CONF: '/dev/null', REGISTRY_AUTH_FILE: '/dev/null' };

/** The raw bytes of a manifest, as skopeo reads it: `docker://HOST/PATH:TAG`. */
export async function inspectRaw(reference: string, options: SkopeoOptions = {}): Promise<Buffer> {
  const parameters = ['--insecure-policy', 'inspect', '--raw', ...flags('', options), reference];
  return runProgramOrThrow('skopeo', parameters, { environment: ENVIRONMENT });
}

/** Copies with skopeo, all platforms, digests kept; the caller looks at the exit code. */
export async function skopeoCopy(
  source: string,
  target: string,
  options: { readonly source?: SkopeoOptions; readonly target?: SkopeoOptions } = {},
): Promise<ProgramResult> {
  const parameters = ['--insecure-policy', 'copy', '--all', '--preserve-digests'];
  if (source.startsWith('docker:')) parameters.push(...flags('src-', options.source ?? {}));
  if (target.startsWith('docker:')) parameters.push(...flags('dest-', options.target ?? {}));
  return runProgram('skopeo', [...parameters, source, target], { environment: ENVIRONMENT });
}

function flags(
  prefix: '' | 'src-' | 'dest-',
  { certificateFolder, credentials }: SkopeoOptions,
): string[] {
  const tls =
    certificateFolder === undefined
      ? [`--${prefix}tls-verify=false`]
      : [`--${prefix}cert-dir=${certificateFolder}`];
  return [
    ...tls,
    credentials === undefined ? `--${prefix}no-creds` : `--${prefix}creds=${credentials}`,
  ];
}
