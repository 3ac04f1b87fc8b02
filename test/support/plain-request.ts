import { request as requestHttp, type IncomingHttpHeaders } from 'node:http';
import { request as requestHttps } from 'node:https';
import { MANIFEST_ACCEPT } from '../../src/oci/media-types.ts';

/** A server as tests reach it, without any code of `src/registry`. */
export interface Endpoint {
  /** `http://127.0.0.1:5000`, without a path. */
  readonly url: string;
  /** PEM of the authority to trust. */
  readonly ca?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

export interface PlainResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * One request, whole, over node:http(s). The path goes out as it is: `..` and `%2e` are not tidied up.
 * Basic credentials are sent at once, a Bearer challenge is answered by asking its realm for a token.
 */
export async function plainRequest(
  endpoint: Endpoint,
  method: string,
  path: string,
  options: { readonly headers?: Record<string, string>; readonly body?: Uint8Array | string } = {},
): Promise<PlainResponse> {
  const first = await send(endpoint, method, path, basic(endpoint), options);
  const challenge = first.status === 401 ? first.headers['www-authenticate'] : undefined;
  if (challenge?.startsWith('Bearer ') !== true) return first;
  return send(endpoint, method, path, `Bearer ${await fetchToken(endpoint, challenge)}`, options);
}

async function fetchToken(endpoint: Endpoint, challenge: string): Promise<string> {
  const parameters = new Map(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]),
  );
  const realm = new URL(parameters.get('realm') ?? '');
  for (const key of ['service', 'scope']) {
    const value = parameters.get(key);
    if (value !== undefined) realm.searchParams.set(key, value);
  }
  const reply = await send(
    { ...endpoint, url: realm.origin },
    'GET',
    realm.pathname + realm.search,
    basic(endpoint),
    {},
  );
  const { token } = JSON.parse(reply.body.toString('utf8')) as { token?: string };
  return token ?? '';
}

function basic({ username, password }: Endpoint): string | undefined {
  if (username === undefined) return undefined;
  return `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
}

function send(
  { url, ca }: Endpoint,
  method: string,
  path: string,
  authorization: string | undefined,
  {
    headers = {},
    body,
  }: { readonly headers?: Record<string, string>; readonly body?: Uint8Array | string },
): Promise<PlainResponse> {
  const { protocol, hostname, port } = new URL(url);
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  // docker-registry 2.8 has no manifest for who does not accept its type.
  const accept = path.includes('/manifests/') ? { accept: MANIFEST_ACCEPT.join(', ') } : {};
  const allHeaders = {
    ...accept,
    ...(authorization === undefined ? {} : { authorization }),
    ...length,
    ...headers,
  };
  const options = {
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port,
    method,
    path,
    headers: allHeaders,
    agent: false,
  };
  return new Promise((resolve, reject) => {
    const request = protocol === 'https:' ? requestHttps({ ...options, ca }) : requestHttp(options);
    request.once('error', reject);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        });
      });
    });
    request.end(body);
  });
}
