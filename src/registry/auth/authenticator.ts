import type { HostAccess } from '../registry-transport.ts';
import type { Origin, Wire } from '../http/exchange.ts';
import type { RequestLimit } from '../http/request-limit.ts';
import { createSharedWork } from '../http/shared-work.ts';
import { encodeBasic, type FoundCredential, secretsOf } from './credential.ts';
import { fetchToken } from './fetch-token.ts';
import type { FindCredential } from './find-credential.ts';
import { mergeScopes } from './merge-scopes.ts';
import type { Challenge } from './parse-challenges.ts';
import { mayDeleteBy } from './token-access.ts';

/** Whom a request is for. */
export interface Subject {
  readonly host: string;
  readonly repository: string;
  /** Whether the user named the host, so that explicit credentials are for it. */
  readonly isNamed: boolean;
  readonly origin: Origin;
}

/** How a request identifies us. */
export interface Grant extends HostAccess {
  /** The `Authorization` header; undefined: anonymous. */
  readonly authorization: string | undefined;
  /** Merged scopes of the token; empty without one. */
  readonly scopes: readonly string[];
  /** Whether the token was fetched for this very request, so that another one would say the same. */
  readonly isNew: boolean;
  /** What to do when it is refused. */
  readonly hint: string;
  readonly secrets: readonly string[];
}

export interface Authenticator {
  /** Answers a registry's challenges. No challenges: no credentials, whatever we have. @throws HttpFailure */
  grant(
    subject: Subject,
    challenges: readonly Challenge[],
    scopes: readonly string[],
    signal: AbortSignal,
  ): Promise<Grant>;
  /** Forgets what a refused grant was made of. */
  forget(subject: Subject, refused: Grant): void;
}

/** A credential is looked up again after this time, milliseconds: files and helpers' answers change under a controller. */
const CREDENTIAL_LIFETIME = 5 * 60_000;
/** The part of a token's life after which it is renewed. */
const RENEW_AFTER = 0.9;
/** Above this many, what has expired is dropped. */
const MANY = 1000;

interface Kept<T> {
  readonly value: T;
  readonly until: number;
}

interface Dependencies {
  readonly wire: Wire;
  readonly limitOf: (host: string) => RequestLimit;
  readonly findCredential: FindCredential;
}

export function createAuthenticator({
  wire,
  limitOf,
  findCredential,
}: Dependencies): Authenticator {
  const tokens = new Map<string, Kept<string>>();
  const credentials = new Map<string, Kept<FoundCredential>>();
  const fetching = createSharedWork<string>();
  const finding = createSharedWork<FoundCredential>();

  async function credentialFor(subject: Subject, signal: AbortSignal): Promise<FoundCredential> {
    const key = credentialKey(subject);
    const kept = credentials.get(key);
    if (kept !== undefined && kept.until > Date.now()) return kept.value;
    return await finding.run(
      key,
      async (shared) => {
        const value = await findCredential(subject, shared);
        keep(credentials, key, value, CREDENTIAL_LIFETIME);
        return value;
      },
      signal,
    );
  }

  async function tokenFor(
    subject: Subject,
    challenge: Challenge,
    scopes: readonly string[],
    found: FoundCredential,
    signal: AbortSignal,
  ): Promise<{ readonly token: string; readonly isNew: boolean }> {
    const { credential } = found;
    if (credential.kind === 'bearer') return { token: credential.token, isNew: true };
    const { realm, service } = Object.fromEntries(challenge.parameters);
    const account = credential.kind === 'password' ? credential.username : '';
    const key = JSON.stringify([
      subject.origin.base.host,
      found.origin,
      account,
      realm,
      service,
      scopes,
    ]);
    const kept = tokens.get(key);
    if (kept !== undefined && kept.until > Date.now()) return { token: kept.value, isNew: false };
    const token = await fetching.run(
      key,
      async (shared) => {
        const request = {
          challenge,
          scopes,
          credential,
          credentialHint: hintFor(subject.host, found),
        };
        const { value, lifetimeMs } = await fetchToken(
          { wire, origin: subject.origin, limitOf },
          request,
          shared,
        );
        keep(tokens, key, value, lifetimeMs * RENEW_AFTER);
        return value;
      },
      signal,
    );
    return { token, isNew: true };
  }

  return {
    async grant(subject, challenges, wanted, signal) {
      if (challenges.length === 0)
        return anonymous('The registry asked for no credentials, so none were sent.');
      const found = await credentialFor(subject, signal);
      const hint = hintFor(subject.host, found);
      const challenge = choose(challenges, found);
      if (challenge === undefined) {
        const offered = challenges.map(({ scheme }) => scheme).join(', ');
        return anonymous(
          `${subject.host} offers ${offered}, for which there are no fitting credentials. ${hint}`,
        );
      }
      const common = { credential: found.origin, hint };
      if (challenge.scheme === 'basic') {
        if (found.credential.kind !== 'password') return anonymous(hint);
        const encoded = encodeBasic(found.credential.username, found.credential.password);
        const secrets = secretsOf(found.credential);
        return {
          ...common,
          authorization: `Basic ${encoded}`,
          scopes: [],
          isNew: true,
          mayDelete: 'unknown',
          secrets,
        };
      }
      const scopes = mergeScopes(wanted);
      const { token, isNew } = await tokenFor(subject, challenge, scopes, found, signal);
      const mayDelete = mayDeleteBy(token, subject.repository, scopes);
      const secrets = [token, ...secretsOf(found.credential)];
      return { ...common, authorization: `Bearer ${token}`, scopes, isNew, mayDelete, secrets };
    },
    forget(subject, refused) {
      credentials.delete(credentialKey(subject));
      for (const [key, { value }] of tokens)
        if (refused.authorization === `Bearer ${value}`) tokens.delete(key);
    },
  };
}

/** The first of Basic and Bearer, but what a token of the user's own needs is Bearer. */
function choose(
  challenges: readonly Challenge[],
  { credential }: FoundCredential,
): Challenge | undefined {
  return challenges.find(
    ({ scheme }) =>
      scheme === 'bearer' ||
      (scheme === 'basic' && credential.kind !== 'bearer' && credential.kind !== 'identity-token'),
  );
}

function anonymous(hint: string): Grant {
  return {
    authorization: undefined,
    credential: 'anonymous',
    scopes: [],
    isNew: true,
    mayDelete: 'unknown',
    hint,
    secrets: [],
  };
}

function hintFor(host: string, { credential, origin, looked }: FoundCredential): string {
  if (credential.kind === 'anonymous') {
    const places = looked.length === 0 ? '' : ` They were looked for in ${looked.join(', ')}.`;
    return `No credentials for ${host} were used.${places} Log in with \`podman login ${host}\`.`;
  }
  return `The credentials used are from ${origin}. Check that they are right and have access, or log in again with \`podman login ${host}\`.`;
}

function credentialKey({ host, repository, isNamed }: Subject): string {
  return `${String(isNamed)} ${host}/${repository}`;
}

function keep<T>(map: Map<string, Kept<T>>, key: string, value: T, lifetimeMs: number): void {
  const now = Date.now();
  if (map.size >= MANY) for (const [old, { until }] of map) if (until <= now) map.delete(old);
  map.set(key, { value, until: now + lifetimeMs });
}
