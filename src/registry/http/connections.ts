import { Agent, type Dispatcher, Pool, ProxyAgent } from 'undici';
import type { TlsProfile } from './host-trust.ts';
import type { Proxy } from './choose-proxy.ts';

/** Longest time that a connection is kept without use, milliseconds; a server that says less is believed. */
export const KEEP_ALIVE = 30_000;

/** Connection pools, one for each pair of TLS settings and proxy. */
export interface Connections extends AsyncDisposable {
  through(profile: TlsProfile, proxy: Proxy | undefined): Dispatcher;
}

/** Longest time to connect, TLS handshake included, milliseconds (spec, transfer-engine, 5.1.9). */
export const CONNECT_TIMEOUT = 30_000;

export function createConnections(): Connections {
  const dispatcherByKey = new Map<string, Dispatcher>();
  return {
    through(profile, proxy) {
      const key = `${profile.key} ${proxy?.url.href ?? ''}`;
      let dispatcher = dispatcherByKey.get(key);
      if (dispatcher === undefined) {
        dispatcher = proxy === undefined ? direct(profile) : proxied(profile, proxy);
        dispatcherByKey.set(key, dispatcher);
      }
      return dispatcher;
    },
    async [Symbol.asyncDispose]() {
      const all = [...dispatcherByKey.values()];
      dispatcherByKey.clear();
      await Promise.all(all.map((dispatcher) => dispatcher.destroy()));
    },
  };
}

// HTTP/1.1 only: a slow body must hold up its own connection, never the window that others share.
function direct(profile: TlsProfile): Dispatcher {
  return new Agent({
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE,
    connect: { ...tlsOptions(profile), timeout: CONNECT_TIMEOUT },
  });
}

/** https by CONNECT, http by absolute requests, either way through the proxy. */
function proxied(profile: TlsProfile, proxy: Proxy): Dispatcher {
  const uri = proxy.url.href.replace(/^socks5h:/, 'socks5:');
  return new ProxyAgent({
    uri,
    allowH2: false,
    pipelining: 1,
    requestTls: { ...tlsOptions(profile), timeout: CONNECT_TIMEOUT },
    clientFactory: (origin, options) =>
      // A proxy that accepts a connection and then says nothing.
      new Pool(origin, { ...options, allowH2: false, headersTimeout: CONNECT_TIMEOUT }),
  });
}

function tlsOptions({ secureContext, verifies }: TlsProfile): {
  secureContext: TlsProfile['secureContext'];
  rejectUnauthorized: boolean;
} {
  return { secureContext, rejectUnauthorized: verifies };
}
