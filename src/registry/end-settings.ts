/** How one end of a mirror (source or destination) reaches registries: flags, environment and files, gathered by `src/cli`. */
export interface EndSettings {
  /** `--src-tls-verify`, `--dest-tls-verify`; undefined: not given, so `insecure` of registries.conf counts (design.md, section 8). */
  readonly tlsVerify: boolean | undefined;
  /** Explicit credentials, for the named host alone (spec, transfer-engine, 5.4). */
  readonly credentials: ExplicitCredentials | undefined;
  /** The only credentials file to use; undefined: the usual places below. */
  readonly authFile: string | undefined;
  /** The only directory of certificates; undefined: the usual `certs.d` places. */
  readonly certDirectory: string | undefined;
  readonly retry: RetrySettings;
  /** The environment, of which this room reads names that the spec lists (HOME, XDG_*, DOCKER_CONFIG, *_PROXY, SSL_CERT_*, PATH …). */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Most requests in flight to one host. */
  readonly requestsPerHost: number;
  /** How long a connection may be silent, milliseconds. */
  readonly idleTimeoutMs: number;
  /** Root of the file system that `/etc` and `/run` are looked up in; '' outside tests. */
  readonly fileRoot: string;
}

export type ExplicitCredentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'none' };

export interface RetrySettings {
  /** Retries after the first attempt; 0 or less: none. */
  readonly times: number;
  /** Constant pause in milliseconds; 0: exponential with jitter (spec, transfer-engine, 4.3). */
  readonly delayMs: number;
}
