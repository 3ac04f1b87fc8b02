import { expect, it } from 'vitest';
import { silentLog } from '../../base/log.ts';
import type { RegistryRequest, RegistryTransport } from '../registry-transport.ts';
import { createHostFacts } from './host-facts.ts';
import { type RepositoryRequest, openRepository } from './repository.ts';

/** What reaches the transport when a repository sends a request. */
async function sent(
  request: Pick<RepositoryRequest, 'url' | 'access' | 'from'>,
): Promise<{ target: unknown; request: RegistryRequest | undefined }> {
  let seen: { target: unknown; request: RegistryRequest } | undefined;
  const transport: RegistryTransport = {
    request(target, one) {
      seen = { target, request: one };
      return Promise.reject(new Error('sent'));
    },
    accessOf: () => undefined,
    requestsByHost: new Map(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const repository = openRepository(
    { transport, facts: createHostFacts()('reg.example'), log: silentLog },
    { host: 'reg.example', repository: 'team/app', insecure: true, namedHost: 'public.example' },
  );
  const whole = { ...request, method: 'GET', expect: [200], doing: 'testing' } as const;
  await repository.send(whole, AbortSignal.timeout(1000)).catch(() => undefined);
  return { target: seen?.target, request: seen?.request };
}

it.each([
  [{ access: 'pull' }, ['repository:team/app:pull']],
  [{ access: 'push' }, ['repository:team/app:pull,push']],
  [{ access: 'delete' }, ['repository:team/app:*']],
  [{ access: 'push', from: 'team/app' }, ['repository:team/app:pull,push']],
  [
    { access: 'push', from: 'other/app' },
    ['repository:team/app:pull,push', 'repository:other/app:pull'],
  ],
] as const)('asks for the scopes of %j', async (access, scopes) => {
  const { request } = await sent({ url: 'tags/list', ...access });
  expect(request?.scopes).toEqual(scopes);
});

it.each([
  ['manifests/v1', '/v2/team/app/manifests/v1'],
  ['/v2/team/app/tags/list?last=b', '/v2/team/app/tags/list?last=b'],
  ['https://store.example/blob', 'https://store.example/blob'],
])('sends %s to %s', async (url, expected) => {
  const { request, target } = await sent({ url, access: 'pull' });
  expect(request?.url).toBe(expected);
  expect(target).toEqual({
    host: 'reg.example',
    repository: 'team/app',
    insecure: true,
    namedHost: 'public.example',
  });
});
