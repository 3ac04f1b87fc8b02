import type { IncomingHttpHeaders } from 'node:http';
import type { BlobBody } from '../../oci/ends.ts';

/** A request, as the handlers see it. */
export interface Asked {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly query: URLSearchParams;
  /** The body; tells a client that waits for `100 Continue` to go on. Ends with an error when the client goes away. */
  readonly body: () => AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
}

/** An answer. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Uint8Array | BlobBody;
}

/** Error codes of the OCI distribution-spec, "Error Codes". */
export type RegistryErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DENIED'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'PAGINATION_NUMBER_INVALID'
  | 'RANGE_INVALID'
  | 'TAG_INVALID'
  | 'TOOMANYREQUESTS'
  | 'UNAUTHORIZED'
  | 'UNKNOWN'
  | 'UNSUPPORTED';

/** An error as registries report it. */
export function failure(
  status: number,
  code: RegistryErrorCode,
  message: string,
  options: {
    readonly detail?: unknown;
    readonly headers?: Readonly<Record<string, string | number>>;
  } = {},
): Reply {
  const error = {
    code,
    message,
    ...(options.detail === undefined ? {} : { detail: options.detail }),
  };
  return json(status, { errors: [error] }, options.headers);
}

export function json(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string | number>> = {},
  contentType = 'application/json',
): Reply {
  const body = Buffer.from(JSON.stringify(value));
  return {
    status,
    headers: { 'content-type': contentType, 'content-length': body.length, ...headers },
    body,
  };
}
