import type { Log } from '../../base/log.ts';
import type { ManifestReference } from '../../oci/ends.ts';
import { type Endpoint, formatEndpoint } from '../conf/endpoints-of.ts';
import type {
  RegistryRequest,
  RegistryResponse,
  RegistryTransport,
} from '../registry-transport.ts';
import type { HostFacts } from './host-facts.ts';

/** One repository at one host, as the calls of this folder talk to it. */
export interface Repository {
  readonly host: string;
  /** Its path at the host. */
  readonly path: string;
  /** `host/path`, for messages. */
  readonly name: string;
  readonly facts: HostFacts;
  readonly log: Log;
  send(request: RepositoryRequest, signal: AbortSignal): Promise<RegistryResponse>;
}

export interface RepositoryRequest extends Omit<RegistryRequest, 'scopes'> {
  /** A path below the repository (`manifests/latest`), a path of the host (`/v2/…`), or a URL that the registry named. */
  readonly url: string;
  /** What a token has to allow (spec, transfer-engine, 5.5.5). */
  readonly access: 'pull' | 'push' | 'delete';
  /** Another repository of the host that is read from too. */
  readonly from?: string;
}

export function openRepository(
  {
    transport,
    facts,
    log,
  }: {
    readonly transport: RegistryTransport;
    readonly facts: HostFacts;
    readonly log: Log;
  },
  endpoint: Endpoint,
): Repository {
  const { host, repository: path, insecure, namedHost } = endpoint;
  return {
    host,
    path,
    name: formatEndpoint(endpoint),
    facts,
    log,
    send({ access, from, url, ...request }, signal) {
      const isOwnPath = !url.startsWith('/') && !/^https?:\/\//i.test(url);
      const scopes = [`repository:${path}:${ACTIONS[access]}`];
      if (from !== undefined && from !== path) scopes.push(`repository:${from}:pull`);
      return transport.request(
        { host, repository: path, insecure, namedHost },
        { ...request, url: isOwnPath ? `/v2/${path}/${url}` : url, scopes },
        signal,
      );
    },
  };
}

const ACTIONS = { pull: 'pull', push: 'pull,push', delete: '*' } as const;

/** `host/path:tag` or `host/path@digest`. */
export function nameOf(repository: Repository, reference: ManifestReference): string {
  return reference.kind === 'tag'
    ? `${repository.name}:${reference.tag}`
    : `${repository.name}@${reference.digest}`;
}

/** `manifests/<tag or digest>`. */
export function manifestPath(reference: ManifestReference): string {
  const name = reference.kind === 'tag' ? encodeURIComponent(reference.tag) : reference.digest;
  return `manifests/${name}`;
}
