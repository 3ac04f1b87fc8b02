import { resolve } from 'node:path';
import { ControllerError } from '../base/controller-error.ts';
import { openStore } from '../store/open-store.ts';
import { type RunningRegistry, serveRegistry } from '../store/server/serve-registry.ts';
import type { CommandIo } from './io.ts';
import { type LogLevel, makeLog } from './make-log.ts';

/** Flags of `imageset registry serve`. */
export interface RegistryServeOptions {
  /** The storage folder; made when missing. */
  readonly folder: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 5000; 0: any free one. */
  readonly port?: number;
  /** PEM files; both or none. */
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  readonly htpasswd?: string;
  readonly anonymous?: boolean;
  readonly readOnly?: boolean;
  /** Default `info`. */
  readonly logLevel?: LogLevel;
}

/** What the command needs of the process. */
export type ServeIo = Pick<CommandIo, 'stdout' | 'stderr' | 'isTerminal' | 'cwd'>;

/** What is in flight when the command is told to stop gets so long. */
const GRACE_MS = 20_000;
const DEFAULT_PORT = 5000;

/**
 * Serves a store until the signal is aborted, then lets what is in flight finish; returns 0.
 * @throws ControllerError USAGE, SETTINGS_INVALID, STORE_UNAVAILABLE when it cannot start.
 */
export async function registryServe(
  options: RegistryServeOptions,
  io: ServeIo,
  signal: AbortSignal,
): Promise<number> {
  const { host, anonymous, readOnly } = options;
  const log = makeLog({
    level: options.logLevel ?? 'info',
    format: 'text',
    isTerminal: io.isTerminal.stderr,
    write: io.stderr,
  });
  const inCwd = (path: string): string => resolve(io.cwd, path);
  const tls = tlsOf(options, inCwd);
  const store = await openStore(inCwd(options.folder));
  const registry = await serveRegistry({
    ...{ store, log, port: options.port ?? DEFAULT_PORT },
    ...(host === undefined ? {} : { host }),
    ...(tls === undefined ? {} : { tls }),
    ...(options.htpasswd === undefined ? {} : { htpasswdFile: inCwd(options.htpasswd) }),
    ...(anonymous === undefined ? {} : { anonymous }),
    ...(readOnly === undefined ? {} : { readOnly }),
  });
  io.stdout(greeting(registry, store.folder, options));
  await aborted(signal);
  log.info({ graceMs: GRACE_MS }, 'stopping, what is in flight may finish');
  await registry.close(GRACE_MS);
  return 0;
}

function tlsOf(
  { tlsCertificate, tlsKey }: RegistryServeOptions,
  inCwd: (path: string) => string,
): { certificateFile: string; keyFile: string } | undefined {
  if (tlsCertificate === undefined && tlsKey === undefined) return undefined;
  if (tlsCertificate !== undefined && tlsKey !== undefined) {
    return { certificateFile: inCwd(tlsCertificate), keyFile: inCwd(tlsKey) };
  }
  throw new ControllerError('USAGE', 'a certificate needs its key, and a key its certificate', {
    remedy: 'wait-for-change',
    hint: 'Name both --tls-certificate and --tls-key, or none to serve plain HTTP.',
  });
}

function greeting(
  { url, address }: RunningRegistry,
  folder: string,
  options: RegistryServeOptions,
): string {
  const lines = [`Serving ${folder} at ${url}`];
  if (options.readOnly === true) lines.push('Read-only: nothing can be pushed or deleted.');
  else {
    const insecure = url.startsWith('http:') ? '--dest-tls-verify=false ' : '';
    const credentials = options.htpasswd === undefined ? '' : '--dest-creds USER ';
    lines.push(
      `Push an image: skopeo copy --all ${insecure}${credentials}docker://SOURCE docker://${address}/PATH:TAG`,
    );
    lines.push(`Fill it:       imageset mirror --config FILE ${insecure}docker://${address}`);
  }
  return `${lines.join('\n')}\n`;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((done) => {
    signal.addEventListener(
      'abort',
      () => {
        done();
      },
      { once: true },
    );
  });
}
