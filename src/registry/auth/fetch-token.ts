import { z } from 'zod';
import { exchange, type Origin, type Outgoing, type Wire } from '../http/exchange.ts';
import { HttpFailure } from '../http/http-failure.ts';
import { readLimited } from '../http/read-limited.ts';
import { statusFailure } from '../http/status-failure.ts';
import type { RequestLimit } from '../http/request-limit.ts';
import { userAgent } from '../http/user-agent.ts';
import type { Challenge } from './parse-challenges.ts';
import { type Credential, encodeBasic, secretsOf } from './credential.ts';

export interface Token {
  readonly value: string;
  /** How long it is good, milliseconds. */
  readonly lifetimeMs: number;
}

export interface TokenRequest {
  /** The registry's bearer challenge. */
  readonly challenge: Challenge;
  /** Merged. */
  readonly scopes: readonly string[];
  readonly credential: Exclude<Credential, { kind: 'bearer' }>;
  readonly credentialHint: string;
}

const MOST_BYTES = 1024 * 1024;
const SHORTEST_LIFETIME = 60;
const LONGEST_LIFETIME = 24 * 60 * 60;

const Body = z.object({
  token: z.string().optional().catch(undefined),
  access_token: z.string().optional().catch(undefined),
  expires_in: z.number().optional().catch(undefined),
});

/**
 * Gets a token from the server that a registry's challenge names, by GET, or by POST where the credential
 * is an identity token (spec, transfer-engine, 5.5).
 * @throws HttpFailure
 */
export async function fetchToken(
  {
    wire,
    origin,
    limitOf,
  }: {
    readonly wire: Wire;
    readonly origin: Origin;
    readonly limitOf: (host: string) => RequestLimit;
  },
  request: TokenRequest,
  signal: AbortSignal,
): Promise<Token> {
  const realm = realmOf(request, origin);
  const slot = await limitOf(realm.host).acquire(signal);
  try {
    const answer = await exchange(wire, origin, outgoingFor(realm, request), signal);
    if (answer.status === 429) slot.release('throttled');
    if (answer.status !== 200) {
      const secrets = secretsOf(request.credential);
      throw inTokenWords(
        await statusFailure(answer, { credentialHint: request.credentialHint, secrets }),
      );
    }
    const bytes = await readLimited(answer, MOST_BYTES);
    slot.release('succeeded');
    return parseToken(realm.host, bytes);
  } finally {
    slot.release('failed');
  }
}

function realmOf({ challenge, credential }: TokenRequest, origin: Origin): URL {
  const realm = URL.parse(challenge.parameters.get('realm') ?? '');
  if (realm === null || (realm.protocol !== 'https:' && realm.protocol !== 'http:')) {
    throw broken(origin.base.host, 'asks for a token without saying where to get one');
  }
  if (
    realm.protocol === 'http:' &&
    origin.base.protocol === 'https:' &&
    credential.kind !== 'anonymous'
  ) {
    throw broken(origin.base.host, `wants credentials to be sent to ${realm.host} over plain http`);
  }
  realm.username = '';
  realm.password = '';
  return realm;
}

function outgoingFor(realm: URL, { challenge, scopes, credential }: TokenRequest): Outgoing {
  const service = challenge.parameters.get('service');
  const headers = { 'user-agent': userAgent, accept: 'application/json' };
  if (credential.kind === 'identity-token') {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: credential.token,
    });
    if (service !== undefined) form.set('service', service);
    if (scopes.length > 0) form.set('scope', scopes.join(' '));
    form.set('client_id', userAgent);
    return {
      method: 'POST',
      url: realm,
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      authorization: undefined,
      body: form.toString(),
    };
  }
  const url = new URL(realm);
  const { username, password } =
    credential.kind === 'password' ? credential : { username: '', password: '' };
  if (username !== '') url.searchParams.append('account', username);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (service !== undefined) url.searchParams.append('service', service);
  const authorization =
    username !== '' && password !== '' ? `Basic ${encodeBasic(username, password)}` : undefined;
  return { method: 'GET', url, headers, authorization };
}

function parseToken(host: string, bytes: Uint8Array): Token {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw broken(host, 'does not answer with a token in JSON');
  }
  const body = Body.safeParse(json);
  const value = (body.data?.token ?? '') || (body.data?.access_token ?? '');
  // It becomes a header's value.
  if (!/^[\x21-\x7e]+$/.test(value)) throw broken(host, 'answered without a token');
  const seconds = Math.max(
    SHORTEST_LIFETIME,
    Math.min(LONGEST_LIFETIME, body.data?.expires_in ?? 0),
  );
  return { value, lifetimeMs: seconds * 1000 };
}

function inTokenWords(failure: HttpFailure): HttpFailure {
  const what = failure.code === 'REGISTRY_UNAUTHORIZED' ? ': invalid username/password' : '';
  const { code, remedy, hint, again, waitMs } = failure;
  // A token server that is not there is no missing image.
  const own = code === 'REGISTRY_NOT_FOUND' ? 'REGISTRY_BROKEN' : code;
  return new HttpFailure(own, `unable to retrieve auth token${what}: ${failure.message}`, {
    remedy,
    again,
    waitMs,
    ...(hint === undefined ? {} : { hint }),
  });
}

function broken(host: string, what: string): HttpFailure {
  return new HttpFailure('REGISTRY_BROKEN', `${host} ${what}`, {
    remedy: 'wait-for-change',
    again: false,
    hint: `Check how ${host} is set up to give out tokens.`,
  });
}
