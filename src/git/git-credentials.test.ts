import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { readCredentials } from './git-credentials.ts';
import { parseRemoteAddress } from './git-remote.ts';

it.each([
  { url: 'https://git.example.com/x', username: undefined, expected: 'git' },
  { url: 'https://robot@git.example.com/x', username: undefined, expected: 'robot' },
  { url: 'https://robot@git.example.com/x', username: 'other', expected: 'other' },
])('takes the user $expected of $url and $username', async ({ url, username, expected }) => {
  await using folder = await temporaryFolder();
  const tokenFile = join(folder.path, 'token');
  await writeFile(tokenFile, ' t0ken\r\n');
  const credentials = await readCredentials({ url, username, tokenFile }, parseRemoteAddress(url));
  expect(credentials).toEqual({ username: expected, password: 't0ken' });
});

it('reads no file for ssh, and none where none is named', async () => {
  const ssh = { url: 'git@git.example.com:x', tokenFile: '/nowhere' };
  expect(await readCredentials(ssh, parseRemoteAddress(ssh.url))).toBeUndefined();
  const https = { url: 'https://git.example.com/x' };
  expect(await readCredentials(https, parseRemoteAddress(https.url))).toBeUndefined();
});

it.each(['', ' \n', 'one\ntwo', 'a\u0000b'])(
  'refuses a file with %j, without showing it',
  async (text) => {
    await using folder = await temporaryFolder();
    const passwordFile = join(folder.path, 'password');
    await writeFile(passwordFile, text);
    const remote = { url: 'https://git.example.com/x', passwordFile };
    await expect(readCredentials(remote, parseRemoteAddress(remote.url))).rejects.toMatchObject({
      code: 'GIT_UNAUTHORIZED',
      message: expect.not.stringContaining('two') as string,
    });
  },
);

it('names a file that is not there', async () => {
  const remote = { url: 'https://git.example.com/x', passwordFile: '/nowhere/password' };
  await expect(readCredentials(remote, parseRemoteAddress(remote.url))).rejects.toMatchObject({
    code: 'GIT_UNAUTHORIZED',
    message: expect.stringContaining('/nowhere/password') as string,
  });
});
