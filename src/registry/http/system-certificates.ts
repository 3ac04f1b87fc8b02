import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import { HttpFailure } from './http-failure.ts';

/** Where distributions keep their bundle; the first that exists is taken, as other programs of the field do. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * The CA certificates that this machine trusts, as PEM texts: SSL_CERT_FILE and SSL_CERT_DIR, else the
 * distribution's bundle, else what Node finds or brings; NODE_EXTRA_CA_CERTS in any case (spec,
 * transfer-engine, 5.3.4).
 * @throws HttpFailure REGISTRY_TLS when SSL_CERT_FILE cannot be read.
 */
export async function readSystemCertificates(
  environment: Readonly<Record<string, string | undefined>>,
  fileRoot: string,
): Promise<string[]> {
  const extra = getCACertificates('extra');
  const file = environment.SSL_CERT_FILE ?? '';
  const directories = (environment.SSL_CERT_DIR ?? '').split(':').filter((path) => path !== '');
  const found: string[] = [];
  for (const directory of directories) found.push(...(await readDirectory(directory)));
  if (file !== '') found.push(await readNamed(file));
  else if (directories.length === 0) found.push(...(await readFirst(BUNDLES, fileRoot)));
  if (found.length > 0) return [...found, ...extra];
  const system = getCACertificates('system');
  return [...(system.length > 0 ? system : getCACertificates('bundled')), ...extra];
}

async function readNamed(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new HttpFailure('REGISTRY_TLS', `SSL_CERT_FILE names ${file}, which cannot be read`, {
      remedy: 'wait-for-change',
      again: false,
      hint: 'Correct SSL_CERT_FILE or remove it.',
      cause: error,
    });
  }
}

async function readFirst(paths: readonly string[], fileRoot: string): Promise<string[]> {
  for (const path of paths) {
    const text = await readFile(join(fileRoot, path), 'utf8').catch(() => undefined);
    if (text !== undefined) return [text];
  }
  return [];
}

async function readDirectory(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  const texts: string[] = [];
  for (const name of names.sort()) {
    const text = await readFile(join(directory, name), 'utf8').catch(() => '');
    if (text.includes('-----BEGIN CERTIFICATE-----')) texts.push(text);
  }
  return texts;
}
