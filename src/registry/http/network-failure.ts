import { z } from 'zod';
import { withoutQueries } from './without-queries.ts';
import { HttpFailure } from './http-failure.ts';

const CertificateNames = z.object({ subjectaltname: z.string() });

/** What was tried when the network failed. */
export interface Attempted {
  readonly url: URL;
  /** The proxy's address, without its credentials. */
  readonly proxy: string | undefined;
  /** Where a CA certificate for the registry belongs; undefined: this is no registry, and only the system's authorities count. */
  readonly caFile: string | undefined;
}

/** Node's codes in the field's words (spec, transfer-engine, 4.7). */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ECONNABORTED: 'connection aborted',
  EPIPE: 'connection closed while sending',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'no route to host',
  EHOSTDOWN: 'host is down',
  ENETUNREACH: 'network is unreachable',
  ENETDOWN: 'network is down',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name could not be resolved for now',
  UND_ERR_CONNECT_TIMEOUT: 'connection timed out',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped in the middle',
  UND_ERR_SOCKET: 'connection closed before the answer was complete',
};

const SYSTEM_TRUST =
  "Add the certificate (PEM) to the system's trust, or name a file with it in SSL_CERT_FILE.";

/** An error of the network, TLS or the HTTP parser as REGISTRY_UNREACHABLE, REGISTRY_TLS or REGISTRY_BROKEN. */
export function networkFailure(error: unknown, attempted: Attempted): HttpFailure {
  if (error instanceof HttpFailure) return error;
  const cause = rootOf(error);
  const code = codeOf(cause);
  const text = cause instanceof Error ? cause.message : String(cause);
  return (
    proxyFailure(cause, text, attempted) ??
    (isTlsCode(code)
      ? tlsFailure(cause, code, text, attempted)
      : plainFailure(cause, code, text, attempted))
  );
}

function plainFailure(
  cause: unknown,
  code: string,
  text: string,
  { url, proxy, caFile }: Attempted,
): HttpFailure {
  if (
    code.startsWith('HPE_') ||
    code === 'UND_ERR_RESPONSE' ||
    code === 'UND_ERR_HEADERS_OVERFLOW'
  ) {
    return new HttpFailure('REGISTRY_BROKEN', `${url.host} does not answer in HTTP (${code})`, {
      remedy: 'retry-later',
      again: false,
      hint: `Check that ${url.host} is a ${caFile === undefined ? 'web server' : 'registry'} and the port is right.`,
      cause,
    });
  }
  const words = WORDS[code] ?? withoutQueries(text).slice(0, 200);
  const place = proxy === undefined ? url.host : `${url.host}: proxyconnect ${proxy}`;
  const noSuchHost = code === 'ENOTFOUND';
  return new HttpFailure('REGISTRY_UNREACHABLE', `${place}: ${words}`, {
    remedy: 'retry-later',
    again: !noSuchHost,
    hint:
      proxy === undefined
        ? hintFor(code, url)
        : `Check the proxy ${proxy}, or add ${url.hostname} to NO_PROXY.`,
    cause,
  });
}

function hintFor(code: string, url: URL): string {
  if (code === 'ENOTFOUND') return `Check the spelling of ${url.hostname} and the DNS servers.`;
  return `Check that ${url.host} is up and that firewalls let this machine connect to it; a proxy is set with HTTPS_PROXY.`;
}

function proxyFailure(
  cause: unknown,
  text: string,
  { url, proxy }: Attempted,
): HttpFailure | undefined {
  const refused = /Proxy response \((\d{3})\)|Proxy Authentication Required \((407)\)/.exec(text);
  if (refused === null || proxy === undefined) return undefined;
  const status = Number(refused[1] ?? refused[2]);
  return new HttpFailure(
    'REGISTRY_UNREACHABLE',
    `${url.host}: proxyconnect ${proxy}: the proxy answered ${status}`,
    {
      remedy: status >= 500 ? 'retry-later' : 'wait-for-change',
      again: status >= 500 || status === 429,
      hint:
        status === 407
          ? 'The proxy wants credentials: write them into HTTPS_PROXY as http://USER:PASSWORD@HOST:PORT.'
          : `Let the proxy connect to ${url.host}, or add ${url.hostname} to NO_PROXY.`,
      cause,
    },
  );
}

function isTlsCode(code: string): boolean {
  return (
    /^(?:CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_|PATH_LENGTH|CRL_|ERROR_IN_C)/.test(
      code,
    ) ||
    code === 'EPROTO' ||
    code === 'UND_ERR_PRX_TLS'
  );
}

function tlsFailure(
  cause: unknown,
  code: string,
  text: string,
  { url, caFile }: Attempted,
): HttpFailure {
  const { what, hint } = describeTls(cause, code, text, url, caFile);
  return new HttpFailure('REGISTRY_TLS', `${url.host}: ${what}`, {
    remedy: 'wait-for-change',
    again: false,
    hint,
    cause,
  });
}

function describeTls(
  cause: unknown,
  code: string,
  text: string,
  url: URL,
  caFile: string | undefined,
): { what: string; hint: string } {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return {
        what: 'the certificate has expired',
        hint: `Renew the certificate of ${url.host}, and check this machine's clock.`,
      };
    case 'CERT_NOT_YET_VALID':
      return { what: 'the certificate is not valid yet', hint: "Check this machine's clock." };
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
    case 'HOSTNAME_MISMATCH':
      return {
        what: `the certificate is for another name (${namesOf(cause)})`,
        hint: `Use a name that the certificate has, or give ${url.host} a certificate with its name.`,
      };
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return {
        what: 'the certificate is self-signed and not trusted',
        hint: caFile === undefined ? SYSTEM_TRUST : `Put the certificate (PEM) at ${caFile}.`,
      };
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'CERT_UNTRUSTED':
      return {
        what: 'the certificate is signed by an unknown authority',
        hint:
          caFile === undefined
            ? SYSTEM_TRUST
            : `Put the CA certificate (PEM) at ${caFile}, or add it to the system's trust (SSL_CERT_FILE is honoured).`,
      };
    default:
  }
  if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA/.test(code)) {
    return {
      what: `the server refused the TLS handshake (${code})`,
      hint:
        caFile === undefined
          ? 'It may want a client certificate, which is sent to registries alone.'
          : `If it wants a client certificate, put client.cert and client.key beside ${caFile}.`,
    };
  }
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(code)) {
    return {
      what: `no common TLS version (${code})`,
      hint: 'The server must speak TLS 1.2 or newer.',
    };
  }
  if (
    /WRONG_VERSION_NUMBER|PACKET_LENGTH|HTTP_REQUEST|RECORD_LAYER|EPROTO/.test(`${code} ${text}`)
  ) {
    return {
      what: 'server gave HTTP response to HTTPS client',
      hint:
        caFile === undefined
          ? 'If it speaks plain HTTP, write its URL with http://.'
          : 'If it speaks plain HTTP, turn verification off for this end (--src-tls-verify=false, --dest-tls-verify=false) or set insecure = true in registries.conf.',
    };
  }
  return { what: `TLS failed (${code})`, hint: `Check the certificate of ${url.host}.` };
}

/** The names of a certificate that was refused: `DNS:other.example.com`. */
function namesOf(cause: unknown): string {
  const names =
    cause instanceof Error && 'cert' in cause ? CertificateNames.safeParse(cause.cert) : undefined;
  return names?.data?.subjectaltname.slice(0, 200) ?? 'it names none';
}

/** Of an error that wraps others, the first with a code: of several addresses any one explains the failure. */
function rootOf(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors[0]);
  if (error instanceof Error && error.cause instanceof Error && isTlsCode(codeOf(error.cause)))
    return error.cause;
  return error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}
