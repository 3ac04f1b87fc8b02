/**
 * Where an upload goes on, from the answer's `Location`: a path of the same host, or the URL of another one,
 * to which the transport sends no credentials (spec, transfer-engine, 5.9.1). undefined: there is none.
 */
export function uploadLocation(
  location: string | undefined,
  answeredBy: string,
): string | undefined {
  if (location === undefined || location === '') return undefined;
  const base = new URL(answeredBy);
  const url = URL.parse(location, base);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  // Behind a proxy that ends TLS, registries name themselves with http:// and without the port.
  const isSame = url.hostname === base.hostname && (url.port === base.port || url.port === '');
  return isSame ? `${url.pathname}${url.search}` : `${url.origin}${url.pathname}${url.search}`;
}

/** The location with the digest that completes the upload; its own query stays as it is. */
export function withDigest(location: string, digest: string): string {
  return `${location}${location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`;
}
