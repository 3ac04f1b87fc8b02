import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Log, silentLog } from '../../src/base/log.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { ServedRequest } from '../../src/store/server/answer.ts';
import { serveRegistry } from '../../src/store/server/serve-registry.ts';
import { writeHtpasswd } from './htpasswd.ts';
import type { Endpoint } from './plain-request.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface EmbeddedRegistryOptions {
  readonly storageFolder?: string;
  readonly tls?: {
    readonly certificateFile: string;
    readonly keyFile: string;
    readonly ca: string;
  };
  /** Passwords by user. `endpoint` uses the first. */
  readonly users?: Readonly<Record<string, string>>;
  readonly readOnly?: boolean;
  readonly log?: Log;
}

export interface RunningEmbeddedRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly endpoint: Endpoint;
  readonly storageFolder: string;
  /** Every request that was answered so far. */
  requests(): Promise<ServedRequest[]>;
}

/** Starts our own registry inside this process, on a free port of 127.0.0.1. */
export async function startEmbeddedRegistry(
  options: EmbeddedRegistryOptions = {},
): Promise<RunningEmbeddedRegistry> {
  const { tls, users, readOnly = false } = options;
  const folder = await temporaryFolder();
  const storageFolder = options.storageFolder ?? join(folder.path, 'storage');
  const requests: ServedRequest[] = [];
  const registry = await serveRegistry({
    store: await openStore(storageFolder),
    port: 0,
    readOnly,
    log: options.log ?? silentLog,
    onRequest: (request) => requests.push(request),
    ...(tls === undefined ? {} : { tls }),
    ...(users === undefined ? {} : { htpasswdFile: await writeHtpasswd(folder.path, users) }),
  });
  const [username, password] = Object.entries(users ?? {})[0] ?? [];
  return {
    host: registry.address,
    endpoint: { url: registry.url, ca: tls?.ca, username, password },
    storageFolder,
    requests: () => Promise.resolve([...requests]),
    async [Symbol.asyncDispose](): Promise<void> {
      await registry[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export interface RegistryProcess extends AsyncDisposable {
  readonly host: string;
  readonly endpoint: Endpoint;
  /** The most memory that it had so far, in bytes; Linux only. */
  peakMemory(): Promise<number>;
  /** As `kill -9`. */
  kill(): Promise<void>;
}

/** Starts our own registry as a process, to be killed or measured. */
export async function startRegistryProcess(storageFolder: string): Promise<RegistryProcess> {
  const program = fileURLToPath(new URL('serve-store.ts', import.meta.url));
  const child = spawn(process.execPath, [program, storageFolder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const [first] = (await Promise.race([once(child.stdout, 'data'), ended])) as [unknown];
  if (!(first instanceof Buffer)) throw new Error('the registry process did not start');
  const host = first.toString('utf8').trim();

  async function kill(): Promise<void> {
    child.kill('SIGKILL');
    await ended;
  }
  return {
    host,
    endpoint: { url: `http://${host}` },
    async peakMemory() {
      const status = await readFile(`/proc/${child.pid ?? 0}/status`, 'utf8');
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) * 1024;
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
