import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareText } from '../../base/compare-text.ts';
import { systemReason } from '../../base/system-reason.ts';
import type { EndSettings } from '../end-settings.ts';
import { HttpFailure } from './http-failure.ts';

/** Certificates for one host: CAs beside the system's, and client certificates with their keys, all PEM. */
export interface HostCertificates {
  readonly authorities: readonly string[];
  readonly pairs: readonly { readonly cert: string; readonly key: string }[];
}

type Places = Pick<EndSettings, 'certDirectory' | 'environment' | 'fileRoot'>;

/** The directories that may hold a host's certificates, best first (spec, transfer-engine, 5.3.3). */
export function certDirectories(
  host: string,
  { certDirectory, environment, fileRoot }: Places,
): string[] {
  if (certDirectory !== undefined) return [certDirectory];
  const home = environment.HOME ?? '';
  return [
    ...(home === '' ? [] : [join(home, '.config/containers/certs.d', host)]),
    join(fileRoot, '/etc/containers/certs.d', host),
    join(fileRoot, '/etc/docker/certs.d', host),
  ];
}

/** Where a message should tell people to put a CA certificate. */
export function caFileFor(host: string, places: Places): string {
  return join(
    places.certDirectory ?? join(places.fileRoot, '/etc/containers/certs.d', host),
    'ca.crt',
  );
}

/**
 * Reads the first directory that exists. `*.crt` are CAs, `x.cert` with `x.key` is a client pair.
 * @throws HttpFailure REGISTRY_TLS for half a pair or what cannot be read.
 */
export async function readHostCertificates(
  host: string,
  places: Places,
): Promise<HostCertificates> {
  for (const directory of certDirectories(host, places)) {
    const names = await list(directory, places.certDirectory !== undefined);
    if (names !== undefined) return await readAll(directory, names);
  }
  return { authorities: [], pairs: [] };
}

async function list(directory: string, isNamed: boolean): Promise<string[] | undefined> {
  try {
    return (await readdir(directory)).sort(compareText);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // What may not be listed is not meant for this user; a directory that was named has to be there.
    if (!isNamed && (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES'))
      return undefined;
    const reason = systemReason(error);
    throw unusable(`the certificate directory ${directory} cannot be read: ${reason}`, error);
  }
}

async function readAll(directory: string, names: readonly string[]): Promise<HostCertificates> {
  const authorities: string[] = [];
  const pairs: { cert: string; key: string }[] = [];
  for (const name of names) {
    const path = join(directory, name);
    if (name.endsWith('.crt')) authorities.push(await read(path));
    if (name.endsWith('.cert')) {
      const key = `${name.slice(0, -'.cert'.length)}.key`;
      if (!names.includes(key)) {
        throw unusable(
          `missing key ${join(directory, key)} for client certificate ${path}. Note that CA certificates should use the extension .crt`,
        );
      }
      pairs.push({ cert: await read(path), key: await read(join(directory, key)) });
    }
    if (name.endsWith('.key')) {
      const cert = `${name.slice(0, -'.key'.length)}.cert`;
      if (!names.includes(cert)) {
        throw unusable(`missing client certificate ${join(directory, cert)} for key ${path}`);
      }
    }
  }
  return { authorities, pairs };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw unusable(`${path} cannot be read: ${systemReason(error)}`, error);
  }
}

function unusable(message: string, cause?: unknown): HttpFailure {
  return new HttpFailure('REGISTRY_TLS', message, {
    remedy: 'wait-for-change',
    again: false,
    hint: 'A certificate directory holds ca.crt and, for client certificates, NAME.cert with NAME.key, all PEM and readable.',
    cause,
  });
}
