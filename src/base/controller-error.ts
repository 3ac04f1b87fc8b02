/**
 * Codes of errors, for programs and tests. A code never changes its meaning; add, do not reuse.
 * The wording of a message is free (style.md, section 6).
 */
export type ErrorCode =
  // image sets and settings
  | 'IMAGESET_INVALID'
  | 'IMAGESET_NOT_FOUND'
  | 'SETTINGS_INVALID'
  | 'USAGE'
  // references and content
  | 'REFERENCE_INVALID'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNSUPPORTED'
  | 'PLATFORM_NOT_FOUND'
  | 'DIGEST_MISMATCH'
  | 'BLOB_CORRUPT'
  | 'DESTINATION_CONFLICT'
  | 'CONTENT_UNSUPPORTED'
  | 'CATALOG_INVALID'
  | 'CATALOG_SELECTION'
  // releases
  | 'DOWNLOAD_FAILED'
  | 'UPDATE_GRAPH_INVALID'
  | 'RELEASE_SELECTION'
  | 'RELEASE_INCOMPLETE'
  | 'PAYLOAD_INVALID'
  | 'SIGNATURE_MISSING'
  | 'SIGNATURE_INVALID'
  | 'SIGNING_KEYS_INVALID'
  | 'GRAPH_DATA_INVALID'
  // registries
  | 'REGISTRY_UNREACHABLE'
  | 'REGISTRY_TLS'
  | 'REGISTRY_UNAUTHORIZED'
  | 'REGISTRY_DENIED'
  | 'REGISTRY_NOT_FOUND'
  | 'REGISTRY_RATE_LIMITED'
  | 'REGISTRY_REFUSED'
  | 'REGISTRY_BROKEN'
  | 'REGISTRY_BLOCKED'
  | 'REGISTRY_DELETE_UNSUPPORTED'
  | 'REGISTRIES_CONF_INVALID'
  | 'CREDENTIALS_INVALID'
  // store
  | 'STORE_INVALID'
  | 'STORE_UNAVAILABLE'
  // Git
  | 'GIT_UNREACHABLE'
  | 'GIT_UNAUTHORIZED'
  | 'GIT_UNTRUSTED'
  | 'GIT_NOT_FOUND'
  | 'GIT_REJECTED'
  | 'GIT_INVALID'
  // passes
  | 'LOCK_INVALID'
  | 'STATE_UNAVAILABLE'
  | 'TIMEOUT'
  | 'ABORTED'
  // a defect of ours
  | 'INTERNAL';

/** What the loop does next: `retry-later` (it may pass by itself), `wait-for-change` (a person has to change something). */
export type Remedy = 'retry-later' | 'wait-for-change';

export interface ControllerErrorOptions {
  readonly remedy: Remedy;
  /** What the operator can do about it; one or two sentences. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * The one error class of the project. `message` says what happened, with the values, and holds no
 * credentials, no query strings and at most a few KiB of a server's reply; `hint` says what to do.
 */
export class ControllerError extends Error {
  readonly code: ErrorCode;
  readonly remedy: Remedy;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: ControllerErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ControllerError';
    this.code = code;
    this.remedy = options.remedy;
    this.hint = options.hint;
  }
}
