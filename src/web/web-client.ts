/** Documents over HTTP: small answers, read whole. Registries have a client of their own. */
export interface WebClient extends AsyncDisposable {
  /**
   * Follows redirects, tries again what may pass, goes through the proxy of the environment.
   * @throws ControllerError DOWNLOAD_FAILED with the URL (without user and query) and what happened: no connection, TLS,
   *   a status other than 200, 304 and 404, more than `limitBytes`; ABORTED.
   */
  get(url: URL, request: WebRequest, signal: AbortSignal): Promise<WebAnswer>;
}

export interface WebRequest {
  readonly accept?: string;
  /** Bytes that are read at most, after any content coding. */
  readonly limitBytes: number;
  /** What an earlier answer came with; an unchanged document is not sent again. */
  readonly validators?: Validators;
}

/** RFC 9110, section 8.8. */
export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

export type WebAnswer =
  | { readonly kind: 'found'; readonly body: Uint8Array; readonly validators: Validators }
  /** 304 */
  | { readonly kind: 'unchanged' }
  /** 404 */
  | { readonly kind: 'missing' };
