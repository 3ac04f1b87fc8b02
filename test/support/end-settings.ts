import type { EndSettings } from '../../src/registry/end-settings.ts';

/** Settings of an end that reads nothing of this machine: no files, no environment, no retries. */
export function endSettings(overrides: Partial<EndSettings> = {}): EndSettings {
  return {
    tlsVerify: undefined,
    credentials: undefined,
    authFile: undefined,
    certDirectory: undefined,
    retry: { times: 0, delayMs: 1 },
    environment: {},
    requestsPerHost: 8,
    idleTimeoutMs: 10_000,
    fileRoot: '/nonexistent',
    ...overrides,
  };
}
