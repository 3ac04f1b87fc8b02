import type { Origin } from './exchange.ts';
import { HttpFailure } from './http-failure.ts';

/**
 * The URL of a request: a path of the registry, or what it named in `Location` or `Link`.
 * @throws HttpFailure REGISTRY_BROKEN for a URL that must not be followed.
 */
export function resolveUrl(text: string, { base, insecure }: Origin): URL {
  // Joined, not resolved: `//elsewhere/` is a path here.
  const url = text.startsWith('/') ? URL.parse(`${base.origin}${text}`) : URL.parse(text, base);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw refused(`${base.host} named a URL that cannot be followed`);
  }
  url.username = '';
  url.password = '';
  url.hash = '';
  if (url.protocol === 'http:' && base.protocol === 'https:') {
    // A registry behind a TLS proxy that it was not told about.
    if (url.host === base.host) url.protocol = 'https:';
    else if (!insecure) throw refused(`${base.host} named a URL in plain http (${url.host})`);
  }
  return url;
}

function refused(message: string): HttpFailure {
  return new HttpFailure('REGISTRY_BROKEN', message, {
    remedy: 'wait-for-change',
    again: false,
    hint: "Set the registry's external URL (docker-registry: REGISTRY_HTTP_HOST), or let the proxy before it send X-Forwarded-Proto.",
  });
}
