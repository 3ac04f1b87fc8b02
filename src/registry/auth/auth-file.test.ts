import { describe, expect, it } from 'vitest';
import { type AuthFile, credentialIn, helperFor, parseAuthFile } from './auth-file.ts';

const basic = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString('base64') });

function file(content: object): AuthFile {
  return parseAuthFile('/a/auth.json', JSON.stringify(content), 'auths');
}

describe('credentialIn', () => {
  const SCOPED = file({
    auths: {
      'quay.io': basic('host:pw'),
      'quay.io/team': basic('team:pw'),
      'quay.io/team/app': basic('app:pw'),
      'https://index.docker.io/v1/': basic('hub:pw'),
      'https://old.example.com/v2/': basic('old:pw'),
      'http://plain.example.com:5000': basic('plain:pw'),
    },
  });

  it.each([
    { host: 'quay.io', repository: 'team/app', key: 'quay.io/team/app' },
    { host: 'quay.io', repository: 'team/app/part', key: 'quay.io/team/app' },
    { host: 'quay.io', repository: 'team/application', key: 'quay.io/team' },
    { host: 'quay.io', repository: 'teams/app', key: 'quay.io' },
    { host: 'docker.io', repository: 'library/nginx', key: 'https://index.docker.io/v1/' },
    {
      host: 'registry-1.docker.io',
      repository: 'library/nginx',
      key: 'https://index.docker.io/v1/',
    },
    { host: 'old.example.com', repository: 'a', key: 'https://old.example.com/v2/' },
    { host: 'plain.example.com:5000', repository: 'a', key: 'http://plain.example.com:5000' },
    { host: 'plain.example.com', repository: 'a', key: undefined },
    { host: 'team', repository: 'a', key: undefined },
  ])('takes $key for $host/$repository', ({ host, repository, key }) => {
    expect(credentialIn(SCOPED, host, repository)?.key).toBe(key);
  });

  it('does not take the key of one team for another that only has the same host', () => {
    const scoped = file({ auths: { 'quay.io/team': basic('team:pw') } });

    expect(credentialIn(scoped, 'quay.io', 'other/app')).toBeUndefined();
  });

  it.each([
    { entry: basic('u:p:w'), credential: { kind: 'password', username: 'u', password: 'p:w' } },
    { entry: basic('u:pw\0\0'), credential: { kind: 'password', username: 'u', password: 'pw' } },
    { entry: { identitytoken: 'id' }, credential: { kind: 'identity-token', token: 'id' } },
    {
      entry: { ...basic('u:pw'), identitytoken: 'id' },
      credential: { kind: 'identity-token', token: 'id' },
    },
    {
      entry: { ...basic('u:pw'), identitytoken: '' },
      credential: { kind: 'password', username: 'u', password: 'pw' },
    },
    { entry: basic('no colon'), credential: undefined },
    { entry: basic(':'), credential: undefined },
    { entry: {}, credential: undefined },
    { entry: { auth: 7 }, credential: undefined },
    { entry: 'nonsense', credential: undefined },
  ])('reads $entry as $credential', ({ entry, credential }) => {
    expect(credentialIn(file({ auths: { h: entry } }), 'h', 'a')?.credential).toEqual(credential);
  });

  it('passes over an empty entry for a less specific one', () => {
    const both = file({ auths: { 'h/a': {}, h: basic('u:pw') } });

    expect(credentialIn(both, 'h', 'a')?.key).toBe('h');
  });

  it('reads the old form without the level `auths`', () => {
    const old = parseAuthFile(
      '/h/.dockercfg',
      JSON.stringify({ 'quay.io': basic('u:pw') }),
      'dockercfg',
    );

    expect(credentialIn(old, 'quay.io', 'a')?.key).toBe('quay.io');
  });

  it('does not take names of objects for keys', () => {
    expect(credentialIn(file({ auths: {} }), '__proto__', 'constructor')).toBeUndefined();
  });
});

it('finds the helper program of a host by any of its names', () => {
  const { credHelpers: helpers } = {
    credHelpers: { 'https://index.docker.io/v1/': 'hub', 'ecr.example.com': 'ecr-login' },
  };
  const named = file({ credHelpers: helpers });

  expect(helperFor(named, 'docker.io')).toBe('hub');
  expect(helperFor(named, 'ecr.example.com')).toBe('ecr-login');
  expect(helperFor(named, 'example.com')).toBeUndefined();
});

it.each([
  '{"auths": {"quay.io": {"auth": "c2VjcmV0OnNlY3JldA=="',
  'secret',
  '[]',
  '{"auths": []}',
  '7',
])('names the path of a file like %s, but not what is in it', (text) => {
  let error: unknown;
  try {
    parseAuthFile('/a/auth.json', text, 'auths');
  } catch (caught) {
    error = caught;
  }

  expect(error).toMatchObject({ code: 'CREDENTIALS_INVALID' });
  expect(String(error)).toContain('/a/auth.json');
  expect(`${String(error)}${JSON.stringify(error)}`).not.toMatch(/secret|c2VjcmV0/);
});

it('takes an empty file for one without credentials', () => {
  expect(parseAuthFile('/a/auth.json', '', 'auths').entryByKey.size).toBe(0);
});
