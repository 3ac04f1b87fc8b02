import { expect } from 'vitest';
import { ControllerError } from '../../src/base/controller-error.ts';
import type {
  RegistryRequest,
  RegistryResponse,
  RegistryTransport,
} from '../../src/registry/registry-transport.ts';
import { type Answering, type LoopbackServer, startLoopbackServer } from './loopback-server.ts';

/** A request that tests of the transport send, with what they change. */
export const READ: RegistryRequest = {
  method: 'GET',
  url: '/v2/team/app/tags/list',
  scopes: ['repository:team/app:pull'],
  expect: [200],
  doing: 'listing tags of team/app',
};

/** Where it is sent: a loopback server speaks plain HTTP. */
export function at({
  host,
}: {
  readonly host: string;
}): Parameters<RegistryTransport['request']>[0] {
  return { host, repository: 'team/app', insecure: true };
}

/** A registry without authentication: pings succeed, the rest is the test's. */
export async function startOpenRegistry(answer: Answering): Promise<LoopbackServer> {
  return await startLoopbackServer((request, response) => {
    if (request.url === '/v2/') response.end();
    else answer(request, response);
  });
}

/** Waits for an answer and throws it away. */
export async function drop(answering: Promise<RegistryResponse>): Promise<void> {
  await (await answering)[Symbol.asyncDispose]();
}

/** The ControllerError that a call must end with. */
export async function failureOf(promise: Promise<unknown>): Promise<ControllerError> {
  const error: unknown = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ControllerError);
  return error as ControllerError;
}
