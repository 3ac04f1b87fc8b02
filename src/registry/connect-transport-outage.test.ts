import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { endSettings } from '../../test/support/end-settings.ts';
import { freePort } from '../../test/support/free-port.ts';
import { silentLog } from '../base/log.ts';
import { createTransport } from './connect-transport.ts';

const signal = AbortSignal.timeout(60_000);

it('tries once at a host that did not answer all attempts of an earlier request, until it answers', async () => {
  const host = `127.0.0.1:${await freePort()}`;
  let pauses = 0;
  const settings = endSettings({ tlsVerify: false, retry: { times: 3, delayMs: 1 } });
  await using transport = createTransport(settings, silentLog, {
    sleep: () => {
      pauses += 1;
      return Promise.resolve();
    },
  });
  async function ask(): Promise<number> {
    pauses = 0;
    const target = { host, repository: 'app', insecure: true };
    const request = {
      ...({ method: 'GET', url: '/v2/app/tags/list', scopes: [] } as const),
      ...{ expect: [200], doing: 'listing' },
    };
    await using response = await transport.request(target, request, signal).catch(() => undefined);
    return response?.status ?? 0;
  }

  expect([await ask(), pauses]).toEqual([0, 3]);
  expect([await ask(), pauses]).toEqual([0, 0]);

  const server = createServer((_request, response) => response.end('{}'));
  await new Promise<void>((resolve) => server.listen(Number(host.split(':')[1]), resolve));
  expect([await ask(), pauses]).toEqual([200, 0]);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));

  expect([await ask(), pauses]).toEqual([0, 3]);
});
