import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { silentLog } from '../base/log.ts';
import { NO_REGISTRIES_CONF } from './conf/registries-conf.ts';
import { createRegistryClient } from './create-registry-client.ts';
import type { RegistryRequest, RegistryTransport } from './registry-transport.ts';

const signal = AbortSignal.timeout(60_000);

it('asks in the preflight for the right to delete, since a token tells only of what was asked for', async () => {
  const requests: RegistryRequest[] = [];
  const transport: RegistryTransport = {
    request(_target, request) {
      requests.push(request);
      return Promise.resolve({
        status: request.method === 'POST' ? 202 : 204,
        header: (name) => (name === 'location' ? '/v2/app/blobs/uploads/1' : undefined),
        url: 'https://reg.example/v2/app/blobs/uploads/',
        body: Readable.from([]),
        bytes: () => Promise.resolve(new Uint8Array()),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    },
    accessOf: () => ({ credential: 'auth.json, key reg.example', mayDelete: 'yes' }),
    requestsByHost: new Map(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  await using client = createRegistryClient({
    transport,
    registriesConf: NO_REGISTRIES_CONF,
    log: silentLog,
  });
  const access = await client.preflightPush({ host: 'reg.example', repository: 'app' }, signal);
  expect(access).toEqual({
    host: 'reg.example',
    repository: 'app',
    credential: 'auth.json, key reg.example',
    mayDelete: 'yes',
  });
  expect(requests.map(({ method, url, scopes }) => [method, url, ...scopes])).toEqual([
    ['POST', '/v2/app/blobs/uploads/', 'repository:app:pull,push'],
    ['DELETE', '/v2/app/blobs/uploads/1', 'repository:app:*'],
  ]);
});
