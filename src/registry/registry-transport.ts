/**
 * The contract between the HTTP half of this room (TLS, proxies, credentials, tokens, retries, limits:
 * `connect-transport.ts`) and the registry half (manifests, blobs, tags: `registry-client.ts`).
 */

/** One request to a registry. */
export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** A path with query (`/v2/…`), or a URL that the registry named in `Location` or `Link`. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes can be sent again after a failure; a stream is sent once, and its request is never retried. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  /** Token scopes that it needs, e.g. `repository:team/app:pull` (spec, transfer-engine, 5.5.5). */
  readonly scopes: readonly string[];
  /** Statuses that the caller handles; any other becomes a ControllerError. */
  readonly expect: readonly number[];
  /** Whether its body or that of its answer is large: more than a few MiB. */
  readonly isLarge?: boolean;
  /**
   * So many bytes of the answer's body are read before it is returned, so that a body that breaks off there is
   * asked for again. For bodies that are read whole anyway.
   */
  readonly readAhead?: number;
  /** What is being done, for messages: `reading quay.io/team/app:1.0`. */
  readonly doing: string;
}

/** An answer. Its body is read, or dumped, or destroyed by `await using`. */
export interface RegistryResponse extends AsyncDisposable {
  readonly status: number;
  /** The value of a header, by lower-case name; several values are joined by `, `. */
  header(name: string): string | undefined;
  /** The URL that answered, after redirects. */
  readonly url: string;
  /** The body as a stream, with an idle timeout. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The whole body. @throws ControllerError REGISTRY_BROKEN over the limit. */
  bytes(limitBytes: number): Promise<Uint8Array>;
}

/** How the transport reached a host, for the preflight and for messages. */
export interface HostAccess {
  /** Where the credential came from (`/run/…/auth.json, key quay.io/team`, `credential helper ecr-login`), or `anonymous`. Never the secret. */
  readonly credential: string;
  /** What a granted token says about deleting the repository; `unknown` where no token tells. */
  readonly mayDelete: 'yes' | 'no' | 'unknown';
}

/** Sends requests to registries on behalf of one end (source or destination) of a mirror. One per process and end. */
export interface RegistryTransport extends AsyncDisposable {
  /**
   * Sends a request to `host` about `repository` (credentials are looked up by both). Pings the host once,
   * fetches and renews tokens, follows redirects of GET and HEAD without credentials on other hosts, waits
   * for its turn (a limit per host that adapts to 429s), and retries what can pass.
   */
  request(
    target: {
      readonly host: string;
      readonly repository: string;
      readonly insecure: boolean | undefined;
      /**
       * The host of the reference, where registries.conf sent us to `host` instead: explicit credentials
       * are for the host that the user named alone (spec, transfer-engine, 5.4). Missing: `host` itself.
       */
      readonly namedHost?: string;
    },
    request: RegistryRequest,
    signal: AbortSignal,
  ): Promise<RegistryResponse>;
  /** How the last request for this host and repository was made. */
  accessOf(host: string, repository: string): HostAccess | undefined;
  /** Requests sent so far, by host: what `never ask a registry what we know` is measured with. */
  readonly requestsByHost: ReadonlyMap<string, number>;
}
