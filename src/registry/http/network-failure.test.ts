import { expect, it } from 'vitest';
import { networkFailure } from './network-failure.ts';

const DIRECT = {
  url: new URL('https://quay.io/v2/?secret=1'),
  proxy: undefined,
  caFile: '/etc/containers/certs.d/quay.io/ca.crt',
};
const PROXIED = { ...DIRECT, proxy: 'http://proxy:3128' };

function error(code: string, message = 'text of the library'): Error {
  return Object.assign(new Error(message), { code });
}

it.each([
  { code: 'ECONNREFUSED', says: 'quay.io: connection refused', again: true },
  { code: 'ECONNRESET', says: 'quay.io: connection reset', again: true },
  { code: 'EAI_AGAIN', says: 'quay.io: the name could not be resolved for now', again: true },
  { code: 'ENOTFOUND', says: 'quay.io: no such host', again: false },
  { code: 'UND_ERR_HEADERS_TIMEOUT', says: 'quay.io: no answer in time', again: true },
  { code: 'EWHATEVER', says: 'quay.io: text of the library', again: true },
])('tells $code as "$says", again: $again', ({ code, says, again }) => {
  const failure = networkFailure(error(code), DIRECT);

  expect(failure).toMatchObject({
    code: 'REGISTRY_UNREACHABLE',
    message: says,
    again,
    remedy: 'retry-later',
  });
});

it.each([
  'CERT_HAS_EXPIRED',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'EPROTO',
])('takes %s for a fault of TLS, which does not pass', (code) => {
  expect(networkFailure(error(code), DIRECT)).toMatchObject({
    code: 'REGISTRY_TLS',
    again: false,
    remedy: 'wait-for-change',
  });
});

it('takes what is no HTTP for a broken registry', () => {
  expect(networkFailure(error('HPE_INVALID_CONSTANT'), DIRECT)).toMatchObject({
    code: 'REGISTRY_BROKEN',
    again: false,
  });
});

it('explains a failure of several addresses by the first', () => {
  const both = new AggregateError([error('ECONNREFUSED'), error('ENETUNREACH')]);

  expect(networkFailure(both, DIRECT).message).toBe('quay.io: connection refused');
});

it('blames the proxy for what happened on the way to it', () => {
  expect(networkFailure(error('ECONNREFUSED'), PROXIED).message).toBe(
    'quay.io: proxyconnect http://proxy:3128: connection refused',
  );
});

it.each([
  { status: 403, again: false },
  { status: 407, again: false },
  { status: 502, again: true },
])('tells the $status of a proxy', ({ status, again }) => {
  const refused = error(
    'UND_ERR_ABORTED',
    `Proxy response (${status}) !== 200 when HTTP Tunneling`,
  );
  const failure = networkFailure(refused, PROXIED);

  expect(failure).toMatchObject({ code: 'REGISTRY_UNREACHABLE', again });
  expect(failure.message).toContain(`the proxy answered ${status}`);
});

it('shows no query of a URL that the library mentions', () => {
  const failure = networkFailure(
    error('', 'failed for https://s3/x?X-Amz-Signature=abc here'),
    DIRECT,
  );

  expect(failure.message).toBe('quay.io: failed for https://s3/x here');
});
