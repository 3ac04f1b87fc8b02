import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ControllerError } from '../base/controller-error.ts';
import { parseRemoteAddress } from './git-remote.ts';

describe('parseRemoteAddress', () => {
  it.each([
    {
      url: 'https://git.example.com/team/x.git',
      address: {
        kind: 'https',
        url: 'https://git.example.com/team/x.git',
        display: 'https://git.example.com/team/x.git',
        origin: 'https://git.example.com',
      },
    },
    {
      url: 'https://robot@git.example.com:8443/x',
      address: {
        kind: 'https',
        url: 'https://git.example.com:8443/x',
        display: 'https://git.example.com:8443/x',
        origin: 'https://git.example.com:8443',
        username: 'robot',
      },
    },
    {
      url: 'ssh://git@git.example.com:2222/x.git',
      address: {
        kind: 'ssh',
        url: 'ssh://git@git.example.com:2222/x.git',
        display: 'ssh://git.example.com:2222/x.git',
      },
    },
    {
      url: 'git@git.example.com:team/x.git',
      address: {
        kind: 'ssh',
        url: 'git@git.example.com:team/x.git',
        display: 'git.example.com:team/x.git',
      },
    },
    {
      url: 'file:///srv/git/x.git',
      address: {
        kind: 'file',
        url: 'file:///srv/git/x.git',
        display: 'file:///srv/git/x.git',
      },
    },
    {
      url: '/srv/git/x.git',
      address: { kind: 'file', url: 'file:///srv/git/x.git', display: 'file:///srv/git/x.git' },
    },
  ])('reads $url', ({ url, address }) => {
    expect(parseRemoteAddress(url)).toEqual(address);
  });

  it.each([
    '',
    '--upload-pack=touch /tmp/x',
    'ext::sh -c whoami',
    'ext::whoami',
    'https://user:secret@git.example.com/x.git',
    'https://git.example.com/x.git?token=secret',
    'https://git.example.com/x\n.git',
    'ssh://-oProxyCommand=whoami/x',
    'ssh://-x@host/x',
    '-oProxyCommand=whoami:x',
    'user@-oProxyCommand=whoami:x',
    'ftp://git.example.com/x',
    'git://git.example.com/x',
    'file://host/x',
  ])('refuses %s without showing a secret', (url) => {
    let error: unknown;
    try {
      parseRemoteAddress(url);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'GIT_INVALID' });
    expect(String(error)).not.toContain('secret');
  });

  it('never gives git anything that looks like an option or a remote helper', () => {
    fc.assert(
      fc.property(fc.string(), (url) => {
        try {
          const address = parseRemoteAddress(url);
          expect(address.url).not.toMatch(/^-|^[a-z0-9+.-]+::/i);
        } catch (error) {
          expect(error).toBeInstanceOf(ControllerError);
        }
      }),
    );
  });
});
