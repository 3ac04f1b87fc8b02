import { type Challenge, parseChallenges } from '../auth/parse-challenges.ts';
import { usableChallenges } from '../auth/usable-challenges.ts';
import { discard, exchange, type Answer, type Origin, type Wire } from './exchange.ts';
import { HttpFailure } from './http-failure.ts';
import type { HostTrust } from './host-trust.ts';
import type { RequestLimit } from './request-limit.ts';
import { createSharedWork } from './shared-work.ts';
import { statusFailure } from './status-failure.ts';
import { headersFor } from './headers-for.ts';

/** What the ping of a host told. */
export interface ReachedHost {
  readonly origin: Origin;
  /** Empty: it wants no credentials and gets none. */
  readonly challenges: readonly Challenge[];
}

/** Pings a host at its first use: `GET /v2/`, without credentials (spec, transfer-engine, 5.2). @throws HttpFailure */
export type ReachHost = (
  host: string,
  insecure: boolean,
  signal: AbortSignal,
) => Promise<ReachedHost>;

interface Dependencies {
  readonly wire: Wire;
  readonly limitOf: (host: string) => RequestLimit;
  readonly trustFor: (host: string, verifies: boolean) => Promise<HostTrust>;
  readonly apiHostOf: (host: string) => string;
}

export function createReachHost({ wire, limitOf, trustFor, apiHostOf }: Dependencies): ReachHost {
  const reachedByKey = new Map<string, ReachedHost>();
  const pinging = createSharedWork<ReachedHost>();

  async function ping(host: string, insecure: boolean, signal: AbortSignal): Promise<ReachedHost> {
    const trust = await trustFor(host, !insecure);
    const over = async (scheme: 'https' | 'http'): Promise<ReachedHost> => {
      const base = URL.parse(`${scheme}://${apiHostOf(host)}`);
      if (base === null || !isOrigin(base)) throw noHost(host);
      return await pingOrigin({ base, trust, insecure }, signal);
    };
    try {
      return await over('https');
    } catch (error) {
      signal.throwIfAborted();
      if (!insecure) throw error;
      // Any failure: what answers on the port may speak plain HTTP, or TLS may end elsewhere.
      try {
        return await over('http');
      } catch (second) {
        signal.throwIfAborted();
        throw moreTelling(error, second);
      }
    }
  }

  async function pingOrigin(origin: Origin, signal: AbortSignal): Promise<ReachedHost> {
    const url = new URL('/v2/', origin.base);
    const slot = await limitOf(url.host).acquire(signal);
    try {
      const outgoing = {
        method: 'GET',
        url,
        headers: headersFor({}),
        authorization: undefined,
      } as const;
      const answer = await exchange(wire, origin, outgoing, signal);
      if (answer.status === 429) slot.release('throttled');
      const challenges = await challengesOf(answer, origin);
      slot.release('succeeded');
      return { origin, challenges };
    } finally {
      slot.release('failed');
    }
  }

  return async (host, insecure, signal) => {
    const key = `${host} ${String(insecure)}`;
    const reached = reachedByKey.get(key);
    if (reached !== undefined) return reached;
    return await pinging.run(
      key,
      async (shared) => {
        const found = await ping(host, insecure, shared);
        reachedByKey.set(key, found);
        return found;
      },
      signal,
    );
  };
}

async function challengesOf(answer: Answer, { base }: Origin): Promise<readonly Challenge[]> {
  if (answer.status === 200 || (answer.status === 401 && !answer.isElsewhere)) {
    await discard(answer.body);
    if (answer.status === 200) return [];
    const header = answer.headers['www-authenticate'] ?? [];
    return usableChallenges(base.host, parseChallenges([header].flat()));
  }
  const failure = await statusFailure(answer, {
    credentialHint: `Check that ${base.host} is a registry.`,
    secrets: [],
  });
  const { remedy, again, waitMs, hint } = failure;
  const code = failure.code === 'REGISTRY_NOT_FOUND' ? 'REGISTRY_BROKEN' : failure.code;
  throw new HttpFailure(code, `pinging container registry ${base.host}: ${failure.message}`, {
    remedy,
    again,
    waitMs,
    hint:
      failure.code === 'REGISTRY_NOT_FOUND'
        ? `${base.host} has no /v2/: check that it is a registry and the port is right.`
        : (hint ?? ''),
  });
}

/** Whether a URL made of a host has nothing but the host. */
function isOrigin({ username, pathname, search, hash }: URL): boolean {
  return username === '' && pathname === '/' && search === '' && hash === '';
}

/** Of two failed pings the one to report: an answer over plain HTTP says more than a failed TLS handshake. */
function moreTelling(https: unknown, http: unknown): unknown {
  const isTls = https instanceof HttpFailure && https.code === 'REGISTRY_TLS';
  return isTls ? http : https;
}

function noHost(host: string): HttpFailure {
  return new HttpFailure('REFERENCE_INVALID', `${JSON.stringify(host)} is not the name of a host`, {
    remedy: 'wait-for-change',
    again: false,
    hint: 'A registry is written as HOST or HOST:PORT.',
  });
}
