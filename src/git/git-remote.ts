import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ControllerError } from '../base/controller-error.ts';

/**
 * A remote repository as the settings describe it. Every `…File` is the path of a file that is read when
 * it is used, so a rotated token or key needs no restart.
 */
export interface GitRemote {
  /** `https://…`, `http://…`, `ssh://…`, `user@host:path`, `file://…` or a path of this machine. */
  readonly url: string;
  /** For https; default: the one in the URL, else `git`, which servers take beside a token. */
  readonly username?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly sshKeyFile?: string | undefined;
  readonly knownHostsFile?: string | undefined;
  readonly caFile?: string | undefined;
}

/** Where a remote is: checked, without password, safe on a command line and in a message. */
export interface RemoteAddress {
  readonly kind: 'https' | 'http' | 'ssh' | 'file';
  /** What git is called with. Of an ssh address it includes the user, of an https one never. */
  readonly url: string;
  /** The URL without the user, for messages. */
  readonly display: string;
  /** `https://host:port` of an https or http address: what credentials are limited to. */
  readonly origin?: string;
  /** The user in an https or http URL. */
  readonly username?: string;
}

/** Reads a remote's URL. Throws `GIT_INVALID` for anything git should not be called with. */
export function parseRemoteAddress(url: string): RemoteAddress {
  // Control characters and spaces reach the credential protocol and ssh; no forge has them in a URL.
  // eslint-disable-next-line no-control-regex
  if (url === '' || /[\u0000-\u0020\u007f]/.test(url) || url.startsWith('-')) {
    throw invalid('the URL of the Git repository is empty, starts with - or has a space in it');
  }
  if (/^[a-z][a-z0-9+.-]*::/i.test(url)) {
    throw invalid('the URL of the Git repository names a remote helper (…::…)');
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) return parseUrl(url);
  const scp = /^(?:[^@/:]+@)?([^@/:]+):(?!\/\/)(.+)$/.exec(url);
  if (scp !== null && !url.startsWith('.')) {
    const [, host = '', path = ''] = scp;
    if (host.startsWith('-')) throw invalid(`${host} is not a host name`);
    return { kind: 'ssh', url, display: `${host}:${path}` };
  }
  const file = pathToFileURL(resolve(url)).href;
  return { kind: 'file', url: file, display: file };
}

function parseUrl(url: string): RemoteAddress {
  if (!URL.canParse(url)) throw invalid('the URL of the Git repository cannot be read');
  const parsed = new URL(url);
  const username = decodeURIComponent(parsed.username);
  if (parsed.password !== '') {
    throw invalid(
      `the URL of the Git repository at ${parsed.host} has a password in it`,
      'Write the password or token to a file and name it in passwordFile or tokenFile.',
    );
  }
  if (parsed.search !== '' || parsed.hash !== '') {
    throw invalid(`the URL of the Git repository at ${parsed.host} has a query or a fragment`);
  }
  const kind = parsed.protocol.slice(0, -1);
  switch (kind) {
    case 'https':
    case 'http': {
      parsed.username = '';
      const address = {
        kind,
        url: parsed.href,
        display: parsed.href,
        origin: parsed.origin,
      } as const;
      return username === '' ? address : { ...address, username };
    }
    case 'ssh': {
      if (parsed.hostname.startsWith('-') || username.startsWith('-')) {
        throw invalid(`${parsed.host} is not a host name`);
      }
      const withUser = parsed.href;
      parsed.username = '';
      return { kind, url: withUser, display: parsed.href };
    }
    case 'file':
      if (parsed.host !== '') throw invalid(`${url} names a host; a file URL has three slashes`);
      return { kind, url: parsed.href, display: parsed.href };
    default:
      throw invalid(`the URL of the Git repository begins with ${kind}://, which is not allowed`);
  }
}

function invalid(message: string, hint?: string): ControllerError {
  return new ControllerError('GIT_INVALID', message, {
    remedy: 'wait-for-change',
    hint: hint ?? 'Use an https, http, ssh or file URL, user@host:path, or a path of this machine.',
  });
}
