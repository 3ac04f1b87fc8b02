import { compareText } from '../base/compare-text.ts';
import { ControllerError } from '../base/controller-error.ts';
import type { Log } from '../base/log.ts';
import { formatDestination } from '../oci/destination.ts';
import type { ImageSource } from '../oci/ends.ts';
import { createAttachmentFinder } from './api/find-attachments.ts';
import { createHostFacts } from './api/host-facts.ts';
import { type Repository, openRepository } from './api/repository.ts';
import { listTags } from './api/tag-pages.ts';
import { cancelUpload, startUpload } from './api/upload-session.ts';
import { type Endpoint, endpointsOf, writeEndpointOf } from './conf/endpoints-of.ts';
import type { RegistriesConf } from './conf/registries-conf.ts';
import { createSharedWork } from './http/shared-work.ts';
import type { RegistryClient, SourceAccess } from './registry-client.ts';
import { createRegistrySource } from './registry-source.ts';
import { createRegistryTarget } from './registry-target.ts';
import type { RegistryTransport } from './registry-transport.ts';

/** How long the check of the destination may take, milliseconds (spec, transfer-engine, 1.3.12). */
const ACCESS_CHECK_MS = 2 * 60_000;

export interface RegistryClientOptions {
  /** Belongs to the client from here on, and is disposed with it. */
  readonly transport: RegistryTransport;
  readonly registriesConf: RegistriesConf;
  readonly log: Log;
  /** The time in milliseconds; given by tests. */
  readonly now?: () => number;
}

/** One end of a mirror over a transport. What it learns about hosts lives as long as it does. */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const { transport, registriesConf, log, now = Date.now } = options;
  const factsOf = createHostFacts();
  const attachments = createAttachmentFinder(now);
  const tagQuestions = createSharedWork<boolean>();
  const sources = new Map<string, ImageSource>();
  const readFrom = new Map<string, Endpoint>();

  function open(endpoint: Endpoint): Repository {
    return openRepository({ transport, facts: factsOf(endpoint.host), log }, endpoint);
  }
  function openToRead(endpoint: Endpoint): Repository {
    readFrom.set(`${endpoint.host}/${endpoint.repository}`, endpoint);
    return open(endpoint);
  }

  return {
    source(reference) {
      // Registries.conf may send tags and digests different ways.
      const kind = reference.digest === undefined ? 'tag' : 'digest';
      const name = `${reference.registry}/${reference.repository}`;
      const key = `${kind} ${name}`;
      let source = sources.get(key);
      if (source === undefined) {
        const openEndpoints = (): Repository[] =>
          endpointsOf(registriesConf, reference).map(openToRead);
        source = createRegistrySource(name, { openEndpoints, attachments, now });
        sources.set(key, source);
      }
      return source;
    },
    target(place) {
      const openTarget = (): Repository => open(writeEndpointOf(registriesConf, place));
      return createRegistryTarget(place, { open: openTarget, attachments, tagQuestions });
    },
    async listTags({ registry, repository }, signal) {
      const endpoint = endpointsOf(registriesConf, { registry, repository }).at(-1);
      return endpoint === undefined ? [] : await listTags(openToRead(endpoint), signal);
    },
    async checkAccess(destination, signal) {
      const place = { host: destination.host, repository: destination.namespace };
      const endpoint = writeEndpointOf(registriesConf, place);
      const timed = AbortSignal.any([signal, AbortSignal.timeout(ACCESS_CHECK_MS)]);
      const shown = formatDestination(destination);
      try {
        const request = { method: 'GET', url: '/v2/', scopes: [], expect: [200] } as const;
        const response = await transport.request(
          endpoint,
          { ...request, doing: 'asking for /v2/' },
          timed,
        );
        await response[Symbol.asyncDispose]();
      } catch (error) {
        signal.throwIfAborted();
        throw accessFailure(shown, error);
      }
    },
    async preflightPush(place, signal) {
      const repository = open(writeEndpointOf(registriesConf, place));
      const session = await startUpload(repository, undefined, signal);
      // Asked for with the right to delete, so that a token tells whether there is one.
      if (typeof session === 'object') await cancelUpload(repository, session, 'delete');
      const access = transport.accessOf(place.host, place.repository);
      return {
        host: place.host,
        repository: place.repository,
        credential: access?.credential ?? 'anonymous',
        mayDelete: access?.mayDelete ?? 'unknown',
      };
    },
    sourceAccess() {
      const byText = new Map<string, SourceAccess>();
      for (const { host, repository } of readFrom.values()) {
        const access = transport.accessOf(host, repository);
        if (access !== undefined)
          byText.set(`${host} ${access.credential}`, { host, credential: access.credential });
      }
      return [...byText].sort(([a], [b]) => compareText(a, b)).map(([, access]) => access);
    },
    requestsByHost: transport.requestsByHost,
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
    },
  };
}

function accessFailure(destination: string, error: unknown): unknown {
  const what = `checking registry "${destination}" access: failed to authenticate`;
  if (error instanceof ControllerError) {
    const { code, remedy, hint, message } = error;
    return new ControllerError(code, `${what}: ${message}`, {
      remedy,
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  }
  if (!(error instanceof Error && error.name === 'TimeoutError')) return error;
  return new ControllerError('REGISTRY_UNREACHABLE', `${what}: no answer within 2 minutes`, {
    remedy: 'retry-later',
    hint: 'Check that the destination is up and reachable from here.',
    cause: error,
  });
}
