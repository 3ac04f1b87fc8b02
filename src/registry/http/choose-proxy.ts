import { HttpFailure } from './http-failure.ts';
import { isLoopback, parseNoProxy } from './no-proxy.ts';

export interface Proxy {
  /** Its URL, credentials included: never shown. */
  readonly url: URL;
  /** Its URL without credentials, for messages. */
  readonly address: string;
}

/** The proxy for a target, if it has one. @throws HttpFailure SETTINGS_INVALID for a proxy that cannot be read. */
export type ChooseProxy = (target: URL) => Proxy | undefined;

const SCHEMES = new Set(['http:', 'https:', 'socks5:', 'socks5h:']);

/**
 * Reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY in upper and lower case (spec, transfer-engine, 5.6). Under
 * REQUEST_METHOD, that is as a CGI program, HTTP_PROXY may come from a client's header and is ignored.
 */
export function createChooseProxy(
  environment: Readonly<Record<string, string | undefined>>,
): ChooseProxy {
  const isCgi = (environment.REQUEST_METHOD ?? '') !== '';
  const https = read(environment, 'HTTPS_PROXY', 'https_proxy');
  const http = isCgi
    ? read(environment, 'http_proxy')
    : read(environment, 'HTTP_PROXY', 'http_proxy');
  const isExcepted = parseNoProxy(read(environment, 'NO_PROXY', 'no_proxy')?.value ?? '');
  return (target) => {
    const variable = target.protocol === 'https:' ? https : http;
    if (variable === undefined || isLoopback(target.hostname)) return undefined;
    const port = Number(target.port) || (target.protocol === 'https:' ? 443 : 80);
    return isExcepted(target.hostname, port) ? undefined : parseProxy(variable);
  };
}

interface Variable {
  readonly name: string;
  readonly value: string;
}

function read(
  environment: Readonly<Record<string, string | undefined>>,
  ...names: string[]
): Variable | undefined {
  for (const name of names) {
    const value = environment[name]?.trim() ?? '';
    if (value !== '') return { name, value };
  }
  return undefined;
}

function parseProxy({ name, value }: Variable): Proxy {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
  if (url === null || url.hostname === '' || !SCHEMES.has(url.protocol)) {
    throw new HttpFailure('SETTINGS_INVALID', `${name} is not the URL of a proxy`, {
      remedy: 'wait-for-change',
      again: false,
      hint: `Write ${name} as http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT, with USER:PASSWORD@ before the host if the proxy wants it.`,
    });
  }
  return { url, address: `${url.protocol}//${url.host}` };
}
