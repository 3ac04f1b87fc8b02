import { describe, expect, it } from 'vitest';
import { gitEnvironment } from './git-environment.ts';
import { parseRemoteAddress, type GitRemote } from './git-remote.ts';

function environmentOf(
  remote: GitRemote,
  ambient: Record<string, string | undefined> = {},
  password?: string,
): { variables: Record<string, string>; config: Map<string, string> } {
  const variables = gitEnvironment({
    ambient,
    folder: '/state/x.git',
    remote,
    address: parseRemoteAddress(remote.url),
    credentials: password === undefined ? undefined : { username: 'robot', password },
  });
  const config = new Map<string, string>();
  for (let index = 0; index < Number(variables.GIT_CONFIG_COUNT); index += 1) {
    const key = variables[`GIT_CONFIG_KEY_${index}`] ?? '';
    config.set(key, variables[`GIT_CONFIG_VALUE_${index}`] ?? '');
  }
  return { variables, config };
}

const HTTPS = { url: 'https://git.example.com/x.git' };
const SSH = { url: 'ssh://git@git.example.com/x.git' };

describe('gitEnvironment', () => {
  it('keeps what administrators set, and drops what would redirect git or ask people', () => {
    const ambient = {
      ...{ HOME: '/home/x', HTTPS_PROXY: 'http://proxy:3128', GIT_CONFIG_GLOBAL: '/etc/gc' },
      ...{
        GIT_DIR: '/elsewhere',
        GIT_TRACE: '1',
        GIT_ASKPASS: 'x',
        EDITOR: 'vi',
        SSH_ASKPASS: 'x',
      },
      ...{ LC_ALL: 'de_DE.UTF-8', GIT_CONFIG_PARAMETERS: "'core.hooksPath=x'", UNSET: undefined },
    };
    const { variables } = environmentOf(HTTPS, ambient);
    expect(variables).toMatchObject({
      HOME: '/home/x',
      HTTPS_PROXY: 'http://proxy:3128',
      GIT_CONFIG_GLOBAL: '/etc/gc',
      GIT_DIR: '/state/x.git',
      GIT_TERMINAL_PROMPT: '0',
      LC_ALL: 'C',
    });
    for (const name of [
      'GIT_TRACE',
      'GIT_ASKPASS',
      'EDITOR',
      'SSH_ASKPASS',
      'GIT_CONFIG_PARAMETERS',
    ]) {
      expect(variables).not.toHaveProperty(name);
    }
  });

  it('runs no hooks and speaks only https, ssh and file', () => {
    const { config } = environmentOf(HTTPS);
    expect(config.get('core.hooksPath')).toBe('/dev/null');
    expect(config.get('protocol.allow')).toBe('never');
    expect(config.has('protocol.http.allow')).toBe(false);
    const plain = environmentOf({ url: 'http://localhost/x.git' });
    expect(plain.config.get('protocol.http.allow')).toBe('always');
  });

  it('offers credentials to the origin of the remote only, after all other helpers are forgotten', () => {
    const { config, variables } = environmentOf(HTTPS, {}, 'pa"$ss');
    const keys = [...config.keys()].filter((key) => key.startsWith('credential'));
    expect(keys).toEqual(['credential.helper', 'credential.https://git.example.com.helper']);
    expect(config.get('credential.helper')).toBe('');
    expect([...config.values()].join()).not.toContain('pa"$ss');
    expect(variables.IMAGESET_GIT_PASSWORD).toBe('pa"$ss');
  });

  it('lets the credential helpers of the user work where the settings name no credentials', () => {
    const { config } = environmentOf(HTTPS);
    expect([...config.keys()].filter((key) => key.startsWith('credential'))).toEqual([]);
  });

  it('takes the CA file of the settings before one of the environment', () => {
    const { variables } = environmentOf({ ...HTTPS, caFile: '/ca' }, { GIT_SSL_CAINFO: '/other' });
    expect(variables.GIT_SSL_CAINFO).toBe('/ca');
  });

  it('calls ssh with the key and the known hosts, quoted, and never asking', () => {
    const remote = { ...SSH, sshKeyFile: "/a b/it's%key", knownHostsFile: '/known hosts' };
    const command = environmentOf(remote, { GIT_SSH_COMMAND: 'other' }).variables.GIT_SSH_COMMAND;
    expect(command).toContain(`-o 'IdentityFile="/a b/it'\\''s%%key"'`);
    expect(command).toContain(`-o 'UserKnownHostsFile="/known hosts"'`);
    expect(command).toContain("-o 'StrictHostKeyChecking=yes'");
    expect(command).toContain("-o 'BatchMode=yes'");
  });

  it('keeps the ssh command of the environment where the settings name no key', () => {
    const { variables } = environmentOf(SSH, { GIT_SSH_COMMAND: 'ssh -J jump' });
    expect(variables.GIT_SSH_COMMAND).toBe('ssh -J jump');
  });
});
