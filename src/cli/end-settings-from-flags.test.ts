import { describe, expect, it } from 'vitest';
import type { EndFlags } from './end-settings-from-flags.ts';
import { endSettingsFromFlags } from './end-settings-from-flags.ts';

function settingsOf(flags: EndFlags, environment = {}) {
  const retry = { times: 2, delayMs: 0 };
  return endSettingsFromFlags(flags, { retry, requestsPerHost: 8, environment });
}

describe('endSettingsFromFlags', () => {
  it.each<{ flags: EndFlags; credentials: unknown }>([
    { flags: {}, credentials: undefined },
    { flags: { noCreds: true }, credentials: { kind: 'none' } },
    {
      flags: { creds: 'user:pass:word' },
      credentials: { kind: 'password', username: 'user', password: 'pass:word' },
    },
    { flags: { creds: 'user' }, credentials: { kind: 'password', username: 'user', password: '' } },
    {
      flags: { username: 'user', password: 'pw' },
      credentials: { kind: 'password', username: 'user', password: 'pw' },
    },
    {
      flags: { registryToken: 'tok', creds: 'user:pw' },
      credentials: { kind: 'token', token: 'tok' },
    },
  ])('reads the credentials of $flags', ({ flags, credentials }) => {
    expect(settingsOf(flags).credentials).toEqual(credentials);
  });

  it.each<{ flags: EndFlags; message: string }>([
    {
      flags: { creds: 'u:p', noCreds: true },
      message: 'creds and no-creds cannot be specified at the same time',
    },
    {
      flags: { username: 'u', password: 'p', noCreds: true },
      message: 'username and no-creds cannot be specified at the same time',
    },
    {
      flags: { creds: 'u:p', username: 'u', password: 'p' },
      message: 'creds and username cannot be specified at the same time',
    },
    { flags: { username: 'u' }, message: 'password must be specified when username is specified' },
    { flags: { password: 'p' }, message: 'username must be specified when password is specified' },
    { flags: { creds: '' }, message: "credentials can't be empty" },
    { flags: { creds: ':p' }, message: "username can't be empty" },
    { flags: { username: '', password: 'p' }, message: "username can't be empty" },
  ])('refuses $flags', ({ flags, message }) => {
    expect(() => settingsOf(flags)).toThrow(message);
  });

  it('takes the credentials file of the flag before that of the environment', () => {
    const environment = { REGISTRY_AUTH_FILE: '/env.json' };

    expect(settingsOf({ authfile: '/flag.json' }, environment).authFile).toBe('/flag.json');
    expect(settingsOf({}, environment).authFile).toBe('/env.json');
    expect(settingsOf({ authfile: '' }, { REGISTRY_AUTH_FILE: '' }).authFile).toBeUndefined();
  });

  it('tells a switch that was given from one that was not', () => {
    expect(settingsOf({ tlsVerify: true }).tlsVerify).toBe(true);
    expect(settingsOf({}).tlsVerify).toBeUndefined();
  });
});
