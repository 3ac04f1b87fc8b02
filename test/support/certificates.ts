import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgramOrThrow } from './run-program.ts';

/** A certificate with its key: the files, and their PEM text. */
export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly certificate: string;
  readonly key: string;
}

/** A certificate authority that lives in a folder. */
export interface CertificateAuthority {
  readonly caFile: string;
  /** PEM. */
  readonly ca: string;
  /** A certificate for these host names and addresses (default: localhost and 127.0.0.1). */
  issueServer(options?: {
    readonly names?: readonly string[];
    readonly expired?: boolean;
  }): Promise<CertificateFiles>;
  issueClient(name: string): Promise<CertificateFiles>;
}

/** Makes an authority with openssl in an existing folder. */
export async function makeCertificateAuthority(folder: string): Promise<CertificateAuthority> {
  const caFile = join(folder, 'ca.crt');
  const caKey = join(folder, 'ca.key');
  let issued = 0;
  await runProgramOrThrow('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-keyout', caKey, '-out', caFile, '-days', '3650', '-subj', '/CN=Test authority'],
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  ]);

  async function issue(
    subject: string,
    extensions: string,
    expired: boolean,
  ): Promise<CertificateFiles> {
    issued += 1;
    const path = (suffix: string): string => join(folder, `issued-${issued}.${suffix}`);
    await runProgramOrThrow('openssl', [
      ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', path('key'), '-out', path('csr'), '-subj', `/CN=${subject}`],
    ]);
    await writeFile(path('ext'), extensions);
    await writeFile(path('index'), '');
    await writeFile(
      path('cnf'),
      `[ca]\ndefault_ca=d\n[d]\ndatabase=${path('index')}\nserial=${path('serial')}\nunique_subject=no\npolicy=p\n[p]\ncommonName=supplied\n`,
    );
    // `openssl ca` and not `x509`: only it can set the dates, and so make an expired certificate.
    await runProgramOrThrow(
      'openssl',
      [
        ...[
          'ca',
          '-batch',
          '-config',
          path('cnf'),
          '-in',
          path('csr'),
          '-out',
          path('crt'),
          '-notext',
        ],
        ...[
          '-cert',
          caFile,
          '-keyfile',
          caKey,
          '-outdir',
          folder,
          '-md',
          'sha256',
          '-extfile',
          path('ext'),
        ],
        ...['-rand_serial', '-startdate', '20200101000000Z'],
        ...['-enddate', expired ? '20200201000000Z' : '20491231000000Z', '-config', path('cnf')],
      ],
      { folder },
    );
    return {
      certificateFile: path('crt'),
      keyFile: path('key'),
      certificate: await readFile(path('crt'), 'utf8'),
      key: await readFile(path('key'), 'utf8'),
    };
  }

  return {
    caFile,
    ca: await readFile(caFile, 'utf8'),
    issueServer({ names = ['localhost', '127.0.0.1'], expired = false } = {}) {
      const alternatives = names.map((name) =>
        /^[\d.]+$|:/.test(name) ? `IP:${name}` : `DNS:${name}`,
      );
      const extensions = `subjectAltName=${alternatives.join(',')}\nextendedKeyUsage=serverAuth\n`;
      return issue(names[0] ?? 'server', extensions, expired);
    },
    issueClient: (name) => issue(name, 'extendedKeyUsage=clientAuth\n', false),
  };
}

/** A self-signed RSA certificate, for signing tokens (RS256). */
export async function makeSigningCertificate(folder: string): Promise<CertificateFiles> {
  const certificateFile = join(folder, 'signing.crt');
  const keyFile = join(folder, 'signing.key');
  await runProgramOrThrow('openssl', [
    ...[
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '3650',
      '-subj',
      '/CN=Test issuer',
    ],
    ...['-keyout', keyFile, '-out', certificateFile],
  ]);
  return {
    certificateFile,
    keyFile,
    certificate: await readFile(certificateFile, 'utf8'),
    key: await readFile(keyFile, 'utf8'),
  };
}
