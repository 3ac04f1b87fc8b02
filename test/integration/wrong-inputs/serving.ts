import type { WrongInput } from '../../support/wrong-input-site.ts';

function serving(...args: readonly string[]): WrongInput['run'] {
  return (site) => site.imageset('registry', 'serve', ...args);
}

/** What is wrong with a registry that is to be served. */
export const SERVING: readonly WrongInput[] = [
  {
    name: 'a port in use',
    code: 1,
    text: [
      'error: cannot listen on SOURCE: something else listens there',
      'hint: Choose another address or port, or stop what listens there.',
    ],
    run: (site) => {
      const port = site.hosts.SOURCE.split(':')[1] ?? '';
      return serving('--port', port, 'store')(site);
    },
  },
  {
    name: 'an address that this machine does not have',
    code: 1,
    text: [
      'error: cannot listen on 192.0.2.1:0: this machine has no such address',
      'hint: Choose another address or port, or stop what listens there.',
    ],
    run: serving('--host', '192.0.2.1', '--port', '0', '--anonymous', 'store'),
  },
  {
    name: 'a store that is a file',
    code: 1,
    text: [
      'error: opening the store DIR/a-file failed: something else has that name',
      'hint: Name a folder; it is made where it is missing.',
    ],
    run: async (site) => {
      await site.write('a-file', '');
      return serving('--port', '0', 'a-file')(site);
    },
  },
  {
    name: 'a password file that is not there',
    code: 1,
    text: [
      'error: DIR/no-passwords cannot be read: no such file or folder',
      'hint: Name a file made by "htpasswd -Bc FILE USER".',
    ],
    run: serving('--port', '0', '--htpasswd', 'no-passwords', 'store'),
  },
  {
    name: 'a certificate without its key',
    code: 1,
    text: [
      'error: a certificate needs its key, and a key its certificate',
      'hint: Name both --tls-certificate and --tls-key, or none to serve plain HTTP.',
    ],
    run: serving('--port', '0', '--tls-certificate', 'tls.crt', 'store'),
  },
  {
    name: 'a certificate that is not there',
    code: 1,
    text: [
      'error: the certificate DIR/tls.crt and the key DIR/tls.key cannot be used: no such file or folder',
      'hint: Both are PEM files that this user can read; the key belongs to the certificate and has no passphrase.',
    ],
    run: serving('--port', '0', '--tls-certificate', 'tls.crt', '--tls-key', 'tls.key', 'store'),
  },
  {
    name: 'the network without passwords',
    code: 1,
    text: [
      'error: 0.0.0.0 can be reached from the network, and no passwords are asked for',
      'hint: Name an htpasswd file, listen on 127.0.0.1, or allow everybody with --anonymous.',
    ],
    run: serving('--host', '0.0.0.0', '--port', '0', 'store'),
  },
];
