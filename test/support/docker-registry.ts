import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Endpoint, plainRequest } from './plain-request.ts';
import { writeHtpasswd } from './htpasswd.ts';
import { findProgram } from './run-program.ts';
import { temporaryFolder } from './temporary-folder.ts';
import type { TokenServer } from './token-server.ts';

export interface DockerRegistryOptions {
  /** Where it keeps its content; default: a folder of its own, removed at the end. */
  readonly storageFolder?: string;
  readonly tls?: {
    readonly certificateFile: string;
    readonly keyFile: string;
    /** PEM, for `endpoint`. */
    readonly ca: string;
    /** Clients must show a certificate of this authority. */
    readonly clientCaFile?: string;
  };
  /** Passwords by user. `endpoint` uses the first. */
  readonly users?: Readonly<Record<string, string>>;
  readonly tokenServer?: Pick<TokenServer, 'realm' | 'service' | 'issuer' | 'certificateFile'>;
  /** Default true. */
  readonly deleteEnabled?: boolean;
  readonly readOnly?: boolean;
  /** Patterns of URLs that foreign layers may have (`validation.manifests.urls.allow`). */
  readonly allowedUrls?: readonly string[];
  /** Serve as a pull-through cache of this registry. */
  readonly proxyOf?: string;
}

export interface LoggedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly status: number;
}

export interface RunningDockerRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** How tests reach it. */
  readonly endpoint: Endpoint;
  readonly storageFolder: string;
  readonly pid: number;
  /** Every request that was answered so far, in the order of their answers, read from its access log. */
  requests(): Promise<LoggedRequest[]>;
  /** What it wrote to its log, for messages of failing tests. */
  log(): string;
  /** Ends it at once, as `kill -9`. */
  kill(): Promise<void>;
}

const STARTED = /msg="listening on (127\.0\.0\.1:\d+)/;
const ACCESS_LINE = /"([A-Z]+) (\S+) HTTP\/[\d.]+" (\d{3}) /;
const MARKER = '/v2/?imageset-test-marker=';

/** Starts the stock `docker-registry` on a free port of 127.0.0.1. */
export async function startDockerRegistry(
  options: DockerRegistryOptions = {},
): Promise<RunningDockerRegistry> {
  const program = findProgram('docker-registry');
  if (program === undefined) throw new Error('docker-registry is not installed');
  const folder = await temporaryFolder();
  const storageFolder = options.storageFolder ?? join(folder.path, 'storage');
  await mkdir(storageFolder, { recursive: true });
  const configFile = join(folder.path, 'config.yml');
  await writeFile(
    configFile,
    JSON.stringify(await configuration(options, storageFolder, folder.path)),
  );

  const accessLog = join(folder.path, 'access.log');
  const errorLog = join(folder.path, 'error.log');
  const [accessFile, errorFile] = [openSync(accessLog, 'a'), openSync(errorLog, 'a')];
  const child = spawn(program, ['serve', configFile], {
    stdio: ['ignore', accessFile, errorFile],
    env: { PATH: process.env.PATH, OTEL_TRACES_EXPORTER: 'none' },
  });
  closeSync(accessFile);
  closeSync(errorFile);
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve();
    });
    child.once('error', () => {
      resolve();
    });
  });

  async function kill(): Promise<void> {
    child.kill('SIGKILL');
    await ended;
  }
  async function dispose(): Promise<void> {
    await kill();
    await folder[Symbol.asyncDispose]();
  }

  const host = await waitForHost(errorLog, () => child.exitCode !== null).catch(
    async (error: unknown) => {
      await dispose();
      throw error;
    },
  );
  const [username, password] = Object.entries(options.users ?? {})[0] ?? [];
  const scheme = options.tls === undefined ? 'http' : 'https';
  const endpoint = { url: `${scheme}://${host}`, ca: options.tls?.ca, username, password };
  let markers = 0;
  return {
    host,
    endpoint,
    storageFolder,
    pid: child.pid ?? 0,
    async requests(): Promise<LoggedRequest[]> {
      // Lines are written after the answers, so all earlier ones are there once a request of our own is.
      markers += 1;
      const marker = `${MARKER}${markers}`;
      await plainRequest({ url: endpoint.url, ca: endpoint.ca }, 'GET', marker);
      for (let attempt = 0; attempt < 200; attempt += 1) {
        const logged = parseAccessLog(readFileSync(accessLog, 'utf8'));
        if (logged.some(({ path }) => path === marker))
          return logged.filter(({ path }) => !path.startsWith(MARKER));
        await sleep(10);
      }
      throw new Error('docker-registry did not log a request');
    },
    log: () => readFileSync(errorLog, 'utf8'),
    kill,
    [Symbol.asyncDispose]: dispose,
  };
}

function parseAccessLog(text: string): LoggedRequest[] {
  return text.split('\n').flatMap((line) => {
    const [, method, path, status] = ACCESS_LINE.exec(line) ?? [];
    return method === undefined || path === undefined
      ? []
      : [{ method, path, status: Number(status) }];
  });
}

async function waitForHost(logFile: string, hasEnded: () => boolean): Promise<string> {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const host = STARTED.exec(readFileSync(logFile, 'utf8'))?.[1];
    if (host !== undefined) return host;
    if (hasEnded()) break;
    await sleep(20);
  }
  throw new Error(`docker-registry did not start: ${readFileSync(logFile, 'utf8')}`);
}

async function configuration(
  options: DockerRegistryOptions,
  storageFolder: string,
  folder: string,
): Promise<object> {
  const {
    tls,
    users,
    tokenServer,
    readOnly = false,
    deleteEnabled = true,
    allowedUrls,
    proxyOf,
  } = options;
  return {
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: false } },
    storage: {
      filesystem: { rootdirectory: storageFolder },
      delete: { enabled: deleteEnabled },
      maintenance: { uploadpurging: { enabled: false }, readonly: { enabled: readOnly } },
    },
    http: {
      addr: '127.0.0.1:0',
      secret: 'test',
      ...(tls === undefined ? {} : { tls: tlsConfiguration(tls) }),
    },
    ...(users === undefined
      ? {}
      : { auth: { htpasswd: { realm: 'test', path: await writeHtpasswd(folder, users) } } }),
    ...(tokenServer === undefined ? {} : { auth: { token: tokenConfiguration(tokenServer) } }),
    ...(allowedUrls === undefined
      ? {}
      : { validation: { manifests: { urls: { allow: allowedUrls } } } }),
    ...(proxyOf === undefined ? {} : { proxy: { remoteurl: proxyOf } }),
  };
}

function tlsConfiguration(tls: NonNullable<DockerRegistryOptions['tls']>): object {
  const { certificateFile, keyFile, clientCaFile } = tls;
  const base = { certificate: certificateFile, key: keyFile };
  return clientCaFile === undefined ? base : { ...base, clientcas: [clientCaFile] };
}

function tokenConfiguration(server: NonNullable<DockerRegistryOptions['tokenServer']>): object {
  const { realm, service, issuer, certificateFile } = server;
  return { realm, service, issuer, rootcertbundle: certificateFile };
}
