import type { Dispatcher } from 'undici';
import { ControllerError } from '../base/controller-error.ts';
import type { Log } from '../base/log.ts';
import { createAuthenticator, type Grant, type Subject } from './auth/authenticator.ts';
import { createFindCredential } from './auth/find-credential.ts';
import { apiHostOf } from './auth/host-keys.ts';
import { coversScopes, mergeScopes } from './auth/merge-scopes.ts';
import { type Challenge, parseChallenges } from './auth/parse-challenges.ts';
import type { EndSettings } from './end-settings.ts';
import { createChooseProxy } from './http/choose-proxy.ts';
import { createConnections } from './http/connections.ts';
import { type Answer, discard, exchange, type Wire } from './http/exchange.ts';
import { headersFor } from './http/headers-for.ts';
import { createHostTrust } from './http/host-trust.ts';
import { HttpFailure } from './http/http-failure.ts';
import { createLargeBodies } from './http/large-bodies.ts';
import { openResponse } from './http/open-response.ts';
import { createReachHost, type ReachedHost } from './http/reach-host.ts';
import { readAhead } from './http/read-ahead.ts';
import { createRequestBody, type RequestBody } from './http/request-body.ts';
import { createRequestLimit, type RequestLimit, type Slot } from './http/request-limit.ts';
import { resolveUrl } from './http/resolve-url.ts';
import { sleep, type Sleep, withRetries } from './http/retry.ts';
import { statusFailure } from './http/status-failure.ts';
import { createWarnOnce } from './http/warn-once.ts';
import type {
  HostAccess,
  RegistryRequest,
  RegistryResponse,
  RegistryTransport,
} from './registry-transport.ts';

export interface TransportOptions {
  /** `credential-helpers` of registries.conf, in order; `containers-auth.json` stands for the credentials files. */
  readonly credentialHelpers?: readonly string[];
  /** Pauses between attempts, for tests. */
  readonly sleep?: Sleep;
  /** In place of all connections, for tests. */
  readonly dispatcher?: Dispatcher;
}

/** One transport for each end and process: hosts, tokens and limits are remembered in it. Asks nothing by itself. */
export function createTransport(
  settings: EndSettings,
  log: Log,
  options: TransportOptions = {},
): RegistryTransport {
  const connections = createConnections();
  const { dispatcher } = options;
  const largeBodies = createLargeBodies(settings.idleTimeoutMs);
  const requestsByHost = new Map<string, number>();
  const wire: Wire = {
    ...(dispatcher === undefined
      ? { connections, largeBodies }
      : { connections: { through: () => dispatcher } }),
    chooseProxy: createChooseProxy(settings.environment),
    idleTimeoutMs: settings.idleTimeoutMs,
    count: (host) => requestsByHost.set(host, (requestsByHost.get(host) ?? 0) + 1),
  };
  const limitByHost = new Map<string, RequestLimit>();
  const limitOf = (host: string): RequestLimit => {
    const limit = limitByHost.get(host) ?? createRequestLimit(settings.requestsPerHost);
    limitByHost.set(host, limit);
    return limit;
  };
  const reachHost = createReachHost({
    wire,
    limitOf,
    trustFor: createHostTrust(settings),
    apiHostOf,
  });
  const findCredential = createFindCredential({
    settings,
    helpers: options.credentialHelpers ?? ['containers-auth.json'],
    log,
  });
  // Requests that hold a turn wait for tokens, which therefore have turns of their own.
  const tokenLimitOf = (host: string): RequestLimit => limitOf(`tokens of ${host}`);
  const authenticator = createAuthenticator({ wire, limitOf: tokenLimitOf, findCredential });
  const warnOnce = createWarnOnce(log);
  const accessByRepository = new Map<string, HostAccess>();
  const learnedByRepository = new Map<string, readonly Challenge[]>();
  const retries = { retry: settings.retry, sleep: options.sleep ?? sleep, log };
  const noRetries = { ...retries, retry: { ...settings.retry, times: 0 } };
  // Hosts that did not answer all the attempts of a request: until one answers again, every other request has one.
  const silentHosts = new Set<string>();

  /** One attempt: ping, token, turn, request; once more where other credentials can help. */
  async function attempt(call: Call, signal: AbortSignal): Promise<RegistryResponse> {
    const { target, request } = call;
    const reached = await reachHost(
      target.host,
      settings.tlsVerify === undefined ? target.insecure === true : !settings.tlsVerify,
      signal,
    );
    const url = resolveUrl(request.url, reached.origin);
    const subject: Subject = {
      host: target.host,
      repository: target.repository,
      isNamed: target.namedHost === undefined || target.namedHost === target.host,
      origin: reached.origin,
    };
    const isOwn = url.origin === reached.origin.base.origin;
    const name = `${target.host}/${target.repository}`;
    let challenges = learnedByRepository.get(name) ?? reached.challenges;
    let scopes = request.scopes;
    // Its turn comes first: a token that waits in line may expire there.
    const slot = await limitOf(reached.origin.base.host).acquire(signal);
    let isHandedOn = false;
    try {
      for (let renewals = 0; ; renewals += 1) {
        const grant = await authenticator.grant(subject, isOwn ? challenges : [], scopes, signal);
        if (isOwn) {
          const { credential, mayDelete } = grant;
          accessByRepository.set(name, { credential, mayDelete });
        }
        const answer = await sendOnce(call, reached, url, grant, signal);
        if (answer.status === 401 && isOwn) {
          authenticator.forget(subject, grant);
          const renewal = renewals === 0 ? renewalFor(answer, grant, scopes) : undefined;
          // A host may let everybody ping and read, and ask for credentials only here.
          if (renewal !== undefined) learnedByRepository.set(name, renewal.challenges);
          if (renewal !== undefined && call.body.isSendable()) {
            await discard(answer.body);
            ({ challenges, scopes } = renewal);
            continue;
          }
        }
        const response = await accept(call, answer, slot, grant, signal);
        isHandedOn = true;
        return response;
      }
    } finally {
      if (!isHandedOn) slot.release('failed');
    }
  }

  async function sendOnce(
    call: Call,
    reached: ReachedHost,
    url: URL,
    grant: Grant,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { request, body } = call;
    const outgoing = {
      method: request.method,
      url,
      headers: headersFor(request.headers ?? {}),
      authorization: grant.authorization,
      body: body.open(),
      isLarge: request.isLarge,
    };
    const answer = await exchange(wire, reached.origin, outgoing, signal);
    warnOnce(answer.url.host, answer.headers.warning, grant.secrets);
    return { ...answer, isElsewhere: answer.url.origin !== reached.origin.base.origin };
  }

  async function accept(
    call: Call,
    answer: Answer,
    slot: Slot,
    grant: Grant,
    signal: AbortSignal,
  ): Promise<RegistryResponse> {
    const { request } = call;
    if (answer.status === 429) slot.release('throttled');
    if (!request.expect.includes(answer.status)) {
      const { hint, secrets, isNew } = grant;
      throw await statusFailure(answer, { credentialHint: hint, secrets, isOldToken: !isNew });
    }
    if (request.method === 'HEAD' || answer.status === 204) await discard(answer.body);
    const ahead =
      request.readAhead === undefined ? undefined : await readAhead(answer, request.readAhead);
    return openResponse(answer, ahead, slot, (error) =>
      signal.aborted ? signal.reason : named(request.doing, error),
    );
  }

  return {
    requestsByHost,
    accessOf: (host, repository) => accessByRepository.get(`${host}/${repository}`),
    async request(target, request, signal) {
      const call: Call = { target, request, body: createRequestBody(request.body) };
      try {
        const response = await withRetries(
          silentHosts.has(target.host) ? noRetries : retries,
          { attempt: () => attempt(call, signal), mayRepeat: call.body.isSendable },
          signal,
        );
        silentHosts.delete(target.host);
        return response;
      } catch (error) {
        signal.throwIfAborted();
        if (isSilence(error) && call.body.isSendable()) silentHosts.add(target.host);
        throw call.body.failure()?.error ?? named(request.doing, error);
      } finally {
        call.body.close();
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([connections[Symbol.asyncDispose](), largeBodies[Symbol.asyncDispose]()]);
    },
  };
}

interface Call {
  readonly target: Parameters<RegistryTransport['request']>[0];
  readonly request: RegistryRequest;
  readonly body: RequestBody;
}

/** What to answer a 401 with; undefined where nothing new can be said. */
function renewalFor(
  answer: Answer,
  grant: Grant,
  scopes: readonly string[],
): { readonly challenges: readonly Challenge[]; readonly scopes: readonly string[] } | undefined {
  if (answer.isElsewhere) return undefined;
  const challenges = parseChallenges([answer.headers['www-authenticate'] ?? []].flat());
  if (challenges.length === 0) return undefined;
  const asked = challenges.flatMap(({ parameters }) => parameters.get('scope')?.split(' ') ?? []);
  const merged = mergeScopes([...scopes, ...asked]);
  // A token that is new and covers all that is asked for was refused for good.
  const isFinal =
    grant.authorization !== undefined &&
    grant.isNew &&
    (grant.scopes.length === 0 || coversScopes(grant.scopes, merged));
  return isFinal ? undefined : { challenges, scopes: merged };
}

/** Whether a host cannot be reached at all. */
function isSilence(error: unknown): boolean {
  return error instanceof HttpFailure && error.code === 'REGISTRY_UNREACHABLE';
}

/** A failure as the caller gets it: with what was being done. */
function named(doing: string, error: unknown): unknown {
  if (!(error instanceof HttpFailure)) return error;
  const { code, message, remedy, hint, cause } = error;
  return new ControllerError(code, `${doing}: ${message}`, {
    remedy,
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}
