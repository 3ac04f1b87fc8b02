import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeHtpasswd } from '../../test/support/htpasswd.ts';
import { makeImage } from '../../test/support/make-image.ts';
import { plainRequest } from '../../test/support/plain-request.ts';
import { pushImage } from '../../test/support/push-image.ts';
import { type RegistryServeOptions, type ServeIo, registryServe } from './registry-serve.ts';

let cwd: string;
let stdout: string;
let stop: AbortController;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'serve-'));
  stdout = '';
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await rm(cwd, { recursive: true, force: true });
});

function start(options: Omit<RegistryServeOptions, 'folder' | 'port'>): Promise<number> {
  const io: ServeIo = {
    stdout: (text) => (stdout += text),
    stderr: () => undefined,
    isTerminal: { stdout: false, stderr: false },
    cwd,
  };
  return registryServe({ folder: 'store', port: 0, ...options }, io, stop.signal);
}

async function printedUrl(): Promise<string> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const url = / at (\S+)\n/.exec(stdout)?.[1];
    if (url !== undefined) return url;
    await sleep(10);
  }
  throw new Error('no address was printed');
}

describe('registry serve', () => {
  it('says where it serves what and how to push, and ends with 0 when told to', async () => {
    const ending = start({});
    const url = await printedUrl();
    await pushImage({ url }, 'team/app', await makeImage(), 'v1');
    stop.abort();

    expect(await ending).toBe(0);
    expect(stdout).toContain(`Serving ${join(cwd, 'store')} at http://127.0.0.1:`);
    expect(stdout).toContain('docker://127.0.0.1:');
    await expect(plainRequest({ url }, 'GET', '/v2/')).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });

  it('takes the htpasswd file from the current folder', async () => {
    await writeHtpasswd(cwd, { ann: 'secret' });
    const ending = start({ htpasswd: 'htpasswd', readOnly: true });
    const url = await printedUrl();
    expect((await plainRequest({ url }, 'GET', '/v2/')).status).toBe(401);
    expect(
      (await plainRequest({ url, username: 'ann', password: 'secret' }, 'GET', '/v2/')).status,
    ).toBe(200);
    stop.abort();
    await ending;
    expect(stdout).not.toContain('skopeo');
  });

  it.each<{ what: string; options: Omit<RegistryServeOptions, 'folder' | 'port'>; code: string }>([
    { what: 'the network without passwords', options: { host: '0.0.0.0' }, code: 'USAGE' },
    { what: 'a certificate without key', options: { tlsCertificate: 'tls.crt' }, code: 'USAGE' },
    {
      what: 'a certificate that is none',
      options: { tlsCertificate: 'file', tlsKey: 'file' },
      code: 'SETTINGS_INVALID',
    },
    { what: 'passwords that are none', options: { htpasswd: 'file' }, code: 'SETTINGS_INVALID' },
  ])('refuses $what', async ({ options, code }) => {
    await writeFile(join(cwd, 'file'), 'nothing');
    await expect(start(options)).rejects.toMatchObject({ code });
  });
});
