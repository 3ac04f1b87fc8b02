import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ran } from '../../support/site.ts';
import type { ServerName, WrongInput, WrongInputSite } from '../../support/wrong-input-site.ts';

/** A pass that wants an image of a registry with passwords, with an authfile of this text. */
function authfile(text: (site: WrongInputSite) => string): WrongInput['run'] {
  return async (site): Promise<Ran> => {
    const file = await site.write('wrong-auth.json', text(site));
    return site.wanting({ flags: ['--authfile', file] }, `${site.hosts.PRIVATE}/team/app:1.0`);
  };
}

function registriesConf(text: (site: WrongInputSite) => string): WrongInput['run'] {
  return async (site): Promise<Ran> => {
    const file = await site.write('wrong-registries.conf', text(site));
    return site.wanting({ environment: { CONTAINERS_REGISTRIES_CONF: file } });
  };
}

/** The mirror's settings name another destination. */
function destination(server: ServerName, ...flags: readonly string[]): WrongInput['run'] {
  return (site) => {
    const mirror = { ...site.mirror, destination: `docker://${site.hosts[server]}/site` };
    return site.pass({ settings: { mirrors: [mirror] }, flags });
  };
}

function wanting(name: (site: WrongInputSite) => string, ociRoot?: string): WrongInput['run'] {
  return (site) => {
    const root = ociRoot === undefined ? {} : { ociRoot: join(site.folder, ociRoot) };
    return site.wanting({ settings: { mirrors: [{ ...site.mirror, ...root }] } }, name(site));
  };
}

/** What is wrong with registries, and with the files that say how to reach them. */
export const REGISTRIES: readonly WrongInput[] = [
  {
    name: 'an authfile that is no JSON',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 1 in total, 0 B sent; published COMMIT',
      '  sets/wrong.yaml:5:7: reading PRIVATE/team/app:1.0: the credentials file DIR/wrong-auth.json is not JSON',
      '    hint: It has the form {"auths": {"HOST": {"auth": "…"}}}; `podman login --authfile FILE HOST` writes one.',
    ],
    run: authfile(() => '{"auths": {"registry.example.com": {"auth": "czNjcmV0'),
  },
  {
    name: 'an authfile that is not there',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 1 in total, 0 B sent; published COMMIT',
      '  sets/wrong.yaml:5:7: reading PRIVATE/team/app:1.0: the credentials file DIR/no-auth.json does not exist',
      '    hint: Correct --authfile or REGISTRY_AUTH_FILE, or write the file with `podman login --authfile FILE HOST`.',
    ],
    run: (site) => {
      const file = join(site.folder, 'no-auth.json');
      return site.wanting({ flags: ['--authfile', file] }, `${site.hosts.PRIVATE}/team/app:1.0`);
    },
  },
  {
    name: 'a credential helper that is not installed',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 1 in total, 0 B sent; published COMMIT',
      '  sets/wrong.yaml:5:7: reading PRIVATE/team/app:1.0: DIR/wrong-auth.json names the credential helper nowhere, which is not installed',
      '    hint: Install docker-credential-nowhere in a directory of PATH, or remove it from DIR/wrong-auth.json.',
    ],
    run: authfile(({ hosts }) => JSON.stringify({ credHelpers: { [hosts.PRIVATE]: 'nowhere' } })),
  },
  {
    name: 'a registries.conf that is no TOML',
    code: 1,
    text: [
      'error: DIR/wrong-registries.conf:1:12: Invalid TOML document: expected end of table array declaration',
      'hint: Correct the file (man containers-registries.conf), or name another one in CONTAINERS_REGISTRIES_CONF.',
    ],
    run: registriesConf(() => '[[registry]\nlocation = "registry.example.com"\n'),
  },
  {
    name: 'a source that registries.conf blocks',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 1 in total, 0 B sent; published COMMIT',
      '  sets/wrong.yaml:5:7: SOURCE/team/web:1.0: registry SOURCE is blocked in DIR/wrong-registries.conf (asked for SOURCE/team/web)',
      '    hint: Remove "blocked" from that table, or take the image out of the image set.',
    ],
    run: registriesConf(
      ({ hosts }) => `[[registry]]\nlocation = "${hosts.SOURCE}"\nblocked = true\n`,
    ),
  },
  {
    name: 'a client certificate without its key',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 1 in total, 0 B sent; published COMMIT',
      '  sets/wrong.yaml:5:7: reading PRIVATE/team/app:1.0: missing key DIR/.config/containers/certs.d/PRIVATE/client.key for client certificate DIR/.config/containers/certs.d/PRIVATE/client.cert. Note that CA certificates should use the extension .crt',
      '    hint: A certificate directory holds ca.crt and, for client certificates, NAME.cert with NAME.key, all PEM and readable.',
    ],
    run: async (site) => {
      const folder = `.config/containers/certs.d/${site.hosts.PRIVATE}`;
      await site.write(`${folder}/client.cert`, '');
      return site
        .wanting({}, `${site.hosts.PRIVATE}/team/app:1.0`)
        .finally(() => rm(join(site.folder, folder), { recursive: true }));
    },
  },
  {
    name: 'a destination that wants a password',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 0 in total, 0 B sent',
      '  sets/good.yaml:5:7: SOURCE/team/good:1.0: opening an upload to PRIVATE/site/team/good: PRIVATE answered 401: unauthorized: authentication required',
      '    hint: No credentials for PRIVATE were used. They were looked for in DIR/run/containers/auth.json, DIR/.config/containers/auth.json, DIR/.docker/config.json, DIR/.dockercfg. Log in with `podman login PRIVATE`.',
    ],
    run: destination('PRIVATE'),
  },
  {
    name: 'a destination that does not take the password',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 0 in total, 0 B sent',
      '  sets/good.yaml:5:7: SOURCE/team/good:1.0: opening an upload to PRIVATE/site/team/good: PRIVATE answered 401: unauthorized: authentication required',
      '    hint: The credentials used are from DIR/old-auth.json, key PRIVATE. Check that they are right and have access, or log in again with `podman login PRIVATE`.',
    ],
    run: async (site) => {
      const auth = Buffer.from('robot:wr0ng').toString('base64');
      const auths = { [site.hosts.PRIVATE]: { auth } };
      const file = await site.write('old-auth.json', JSON.stringify({ auths }));
      return destination('PRIVATE', '--authfile', file)(site);
    },
  },
  {
    name: 'a destination that is a web server',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 0 in total, 0 B sent',
      '  sets/good.yaml:5:7: SOURCE/team/good:1.0: opening an upload to WEB/site/team/good: WEB answered 200',
      '    hint: Check that WEB is a registry.',
    ],
    run: destination('WEB'),
  },
  {
    name: 'a destination without a registry',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 0 in total, 0 B sent',
      '  sets/good.yaml:5:7: SOURCE/team/good:1.0: opening an upload to EMPTY/site/team/good: pinging container registry EMPTY: EMPTY answered 404',
      '    hint: EMPTY has no /v2/: check that it is a registry and the port is right.',
    ],
    run: destination('EMPTY'),
  },
  {
    name: 'a destination that is read-only',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 0 in total, 0 B sent',
      '  sets/good.yaml:5:7: SOURCE/team/good:1.0: opening an upload to READ-ONLY/site/team/good: READ-ONLY answered 405: unsupported: The operation is unsupported.',
      '    hint: Check that READ-ONLY may be written to; one that is read-only or a cache of another answers so.',
    ],
    run: destination('READ-ONLY'),
  },
  {
    name: 'a destination whose certificate has expired',
    needs: 'openssl',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 0 in total, 0 B sent',
      '  sets/good.yaml:5:7: SOURCE/team/good:1.0: opening an upload to EXPIRED/site/team/good: EXPIRED: the certificate has expired',
      "    hint: Renew the certificate of EXPIRED, and check this machine's clock.",
    ],
    run: (site) => {
      const trusted = join(site.folder, 'trusted');
      return destination('EXPIRED', '--dest-tls-verify', '--dest-cert-dir', trusted)(site);
    },
  },
  {
    name: 'a destination whose certificate nobody trusts',
    needs: 'openssl',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 0 in total, 0 B sent',
      '  sets/good.yaml:5:7: SOURCE/team/good:1.0: opening an upload to UNTRUSTED/site/team/good: UNTRUSTED: the certificate is signed by an unknown authority',
      "    hint: Put the CA certificate (PEM) at /etc/containers/certs.d/UNTRUSTED/ca.crt, or add it to the system's trust (SSL_CERT_FILE is honoured).",
    ],
    run: destination('UNTRUSTED', '--dest-tls-verify'),
  },
  {
    name: 'a destination that speaks plain HTTP',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 1 in total, 0 B sent; published COMMIT',
      '  sets/wrong.yaml:5:7: SOURCE/team/web:1.0: opening an upload to DESTINATION/site/team/web: DESTINATION: server gave HTTP response to HTTPS client',
      '    hint: If it speaks plain HTTP, turn verification off for this end (--src-tls-verify=false, --dest-tls-verify=false) or set insecure = true in registries.conf.',
    ],
    run: (site) => site.wanting({ flags: ['--dest-tls-verify'] }),
  },
  {
    name: 'a source that is a web server',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 1 in total, 0 B sent; published COMMIT',
      '  sets/wrong.yaml:5:7: WEB/team/app:1.0 has a manifest that is not JSON',
      '    hint: The registry or a proxy before it answered with something else; look at what it serves.',
    ],
    run: wanting(({ hosts }) => `${hosts.WEB}/team/app:1.0`),
  },
  {
    name: 'a source that wants a password',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 1 in total, 0 B sent; published COMMIT',
      '  sets/wrong.yaml:5:7: reading PRIVATE/team/app:1.0: PRIVATE answered 401: unauthorized: authentication required',
      '    hint: No credentials for PRIVATE were used. They were looked for in DIR/run/containers/auth.json, DIR/.config/containers/auth.json, DIR/.docker/config.json, DIR/.dockercfg. Log in with `podman login PRIVATE`.',
    ],
    run: wanting(({ hosts }) => `${hosts.PRIVATE}/team/app:1.0`),
  },
  {
    name: 'an image that is not at its source',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 1 in total, 0 B sent; published COMMIT',
      '  sets/wrong.yaml:5:7: reading SOURCE/team/none:1.0: SOURCE answered 404: manifest unknown: manifest unknown',
      '    hint: Check the name; some registries also answer so where the credentials do not reach.',
    ],
    run: wanting(({ hosts }) => `${hosts.SOURCE}/team/none:1.0`),
  },
  {
    name: 'a layout where no ociRoot is set',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 1 in total, 0 B sent; published COMMIT',
      '  sets/wrong.yaml:5:7: oci://layouts/app is refused: the settings of this mirror name no folder for image layouts',
      '    hint: Set `ociRoot` of the mirror to a folder, and name the layout relative to that.',
    ],
    run: wanting(() => 'oci://layouts/app'),
  },
  {
    name: 'a layout outside of ociRoot',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 1 in total, 0 B sent; published COMMIT',
      "  sets/wrong.yaml:5:7: oci:///etc/app is not below DIR/layouts, the mirror's ociRoot",
      '    hint: Put the layout below the ociRoot of the mirror in the settings, and name it relative to that.',
    ],
    run: wanting(() => 'oci:///etc/app', 'layouts'),
  },
  {
    name: 'a layout that climbs out of ociRoot',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 1 in total, 0 B sent; published COMMIT',
      '  sets/wrong.yaml:5:7: oci://../app: "../app" cannot be the path of a repository at the destination',
      '    hint: Give the entry a targetRepo of lower-case words, e.g. team/app.',
    ],
    run: wanting(() => 'oci://../app', 'layouts'),
  },
  {
    name: 'a layout that is not there',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 1 in total, 0 B sent; published COMMIT',
      '  sets/wrong.yaml:5:7: oci://app: DIR/layouts/app is no OCI layout: it has no file oci-layout',
      '    hint: Name the directory that holds oci-layout, index.json and blobs.',
    ],
    run: wanting(() => 'oci://app', 'layouts'),
  },
  {
    name: 'a folder that is no layout',
    code: 3,
    text: [
      'prod: Degraded at COMMIT: 0 added, 0 gone, 1 in total, 0 B sent; published COMMIT',
      '  sets/wrong.yaml:5:7: oci://empty: DIR/layouts/empty is no OCI layout: it has no file oci-layout',
      '    hint: Name the directory that holds oci-layout, index.json and blobs.',
    ],
    run: async (site) => {
      await mkdir(join(site.folder, 'layouts/empty'), { recursive: true });
      return wanting(() => 'oci://empty', 'layouts')(site);
    },
  },
];
