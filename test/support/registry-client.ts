import { silentLog } from '../../src/base/log.ts';
import {
  NO_REGISTRIES_CONF,
  type RegistriesConf,
} from '../../src/registry/conf/registries-conf.ts';
import { createTransport } from '../../src/registry/connect-transport.ts';
import { createRegistryClient } from '../../src/registry/create-registry-client.ts';
import type { EndSettings } from '../../src/registry/end-settings.ts';
import type { RegistryClient } from '../../src/registry/registry-client.ts';

/** The project's registry client for test servers: plain HTTP allowed, no retries, nothing of the machine's configuration. */
export function testClient(
  options: {
    readonly registriesConf?: RegistriesConf;
    readonly settings?: Partial<EndSettings>;
    readonly now?: () => number;
  } = {},
): RegistryClient {
  const settings: EndSettings = {
    tlsVerify: false,
    credentials: { kind: 'none' },
    authFile: undefined,
    certDirectory: undefined,
    retry: { times: 0, delayMs: 1 },
    environment: {},
    requestsPerHost: 8,
    idleTimeoutMs: 10_000,
    fileRoot: '/nowhere',
    ...options.settings,
  };
  return createRegistryClient({
    transport: createTransport(settings, silentLog),
    registriesConf: options.registriesConf ?? NO_REGISTRIES_CONF,
    log: silentLog,
    ...(options.now === undefined ? {} : { now: options.now }),
  });
}
