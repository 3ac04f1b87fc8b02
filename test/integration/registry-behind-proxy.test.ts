import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import type { ImageTarget } from '../../src/oci/ends.ts';
import { verified } from '../../src/oci/verified.ts';
import { startDockerRegistry } from '../support/docker-registry.ts';
import { freePort } from '../support/free-port.ts';
import { seededBytes } from '../support/make-image.ts';
import { pushBlob } from '../support/push-image.ts';
import { testClient } from '../support/registry-client.ts';
import { findProgram } from '../support/run-program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const signal = AbortSignal.timeout(120_000);
const hasRegistry = findProgram('docker-registry') !== undefined;
const nginx = findProgram('nginx');

/** A TCP proxy on 127.0.0.1 that cuts each of the first connections after so many bytes from the server. */
async function startCuttingProxy(
  host: string,
  cuts: readonly number[],
): Promise<{ readonly host: string } & AsyncDisposable> {
  const [hostname, port] = host.split(':');
  const left = [...cuts];
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let passed = 0;
    upstream.on('data', (chunk: Buffer) => {
      passed += chunk.length;
      const cut = left[0];
      if (cut !== undefined && passed > cut) {
        left.shift();
        client.write(chunk.subarray(0, chunk.length - (passed - cut)), () => {
          setTimeout(() => client.destroy(), 20);
        });
        upstream.destroy();
      } else client.write(chunk);
    });
    client.on('data', (chunk) => upstream.write(chunk));
    for (const [one, two] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => two.destroy());
      one.on('close', () => {
        if (one === client) two.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    host: `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}

/** nginx before a registry, with its usual limit of 1 MiB a body. */
async function startNginx(upstream: string): Promise<{ readonly host: string } & AsyncDisposable> {
  const folder = await temporaryFolder();
  await mkdir(join(folder.path, 'logs'));
  const host = `127.0.0.1:${await freePort()}`;
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder.path}/${name};`,
  );
  // Started by root, it would work as somebody who may not write to the folder.
  const user = process.getuid?.() === 0 ? 'user root; ' : '';
  await writeFile(
    join(folder.path, 'nginx.conf'),
    `${user}daemon off; worker_processes 1; pid ${folder.path}/pid; error_log ${folder.path}/error.log;
events { worker_connections 64; }
http { access_log off; ${paths.join(' ')}
  server { listen ${host}; location / { proxy_pass http://${upstream}; proxy_set_header Host $http_host; } } }`,
  );
  const child = spawn(nginx ?? '', ['-p', folder.path, '-c', join(folder.path, 'nginx.conf')], {
    stdio: 'ignore',
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  for (let tries = 0; tries < 100; tries += 1) {
    const isUp = await fetch(`http://${host}/v2/`).then(
      () => true,
      () => false,
    );
    if (isUp) break;
    await sleep(50);
  }
  return {
    host,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await closed;
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(!hasRegistry)('a registry behind something that interferes', () => {
  it('delivers a blob although connections are cut twice', async () => {
    const content = seededBytes('cut', 8 * 1024 * 1024);
    const blob = { mediaType: 'a/b', digest: digestOf(content), size: content.length };
    await using registry = await startDockerRegistry();
    await pushBlob(registry.endpoint, 'app', blob.digest, content);
    await using proxy = await startCuttingProxy(registry.host, [
      100, // the attempt at TLS
      2 * 1024 * 1024,
      3 * 1024 * 1024,
    ]);
    await using client = testClient();
    const source = client.source({
      kind: 'registry',
      registry: proxy.host,
      repository: 'app',
      path: 'app',
    });
    await using body = await source.openBlob(blob, signal);
    const received = Buffer.concat(await Array.fromAsync(verified(body, blob)));
    expect(received.equals(content)).toBe(true);
    const gets = (await registry.requests()).filter(({ path }) => path.includes('/blobs/sha256'));
    expect(gets.map(({ status }) => status)).toEqual([200, 206, 206]);
  });

  it.skipIf(nginx === undefined)(
    'takes a large blob in parts where nginx limits bodies',
    async () => {
      const content = seededBytes('limited', 5 * 1024 * 1024 + 3);
      const blob = { mediaType: 'a/b', digest: digestOf(content), size: content.length };
      await using registry = await startDockerRegistry();
      await using proxy = await startNginx(registry.host);
      await using client = testClient();
      async function* chunks(): AsyncGenerator<Uint8Array> {
        for (let start = 0; start < content.length; start += 65_536) {
          await Promise.resolve();
          yield content.subarray(start, start + 65_536);
        }
      }
      async function send(target: ImageTarget): Promise<void> {
        const upload = await target.beginBlob(blob, { from: 'app' }, signal);
        await upload?.finish(chunks(), signal);
      }
      const target = client.target({ host: proxy.host, repository: 'app' });
      // The first attempt learns of the limit; the copy engine makes the second.
      await expect(send(target)).rejects.toMatchObject({ remedy: 'retry-later' });
      await send(target);
      expect(await target.beginBlob(blob, { from: 'app' }, signal)).toBeUndefined();
      const statuses = (await registry.requests())
        .filter(({ method }) => method === 'PATCH')
        .map(({ status }) => status);
      expect(statuses).toEqual([202, 202, 202, 202, 202, 202]);
    },
  );
});
