import { readFile } from 'node:fs/promises';
import {
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
  createServer as createHttpServer,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { isIPv6 } from 'node:net';
import { ControllerError } from '../../base/controller-error.ts';
import type { Log } from '../../base/log.ts';
import { systemReason } from '../../base/system-reason.ts';
import type { Store } from '../open-store.ts';
import { type AnswerDependencies, type ServedRequest, answer } from './answer.ts';
import { loadPasswordCheck } from './htpasswd.ts';
import { createUploads } from './uploads.ts';

export interface ServeOptions {
  readonly store: Store;
  /** Default 127.0.0.1. Others than loopback addresses need `htpasswdFile` or `anonymous`. */
  readonly host?: string;
  /** 0: any free one. */
  readonly port: number;
  /** PEM files. */
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string };
  /** Users who may do everything; without it, so may everybody. */
  readonly htpasswdFile?: string;
  /** Serve the network without passwords. */
  readonly anonymous?: boolean;
  readonly readOnly?: boolean;
  readonly log: Log;
  /** Told of every answer, before it is sent. */
  readonly onRequest?: (request: ServedRequest) => void;
}

export interface RunningRegistry extends AsyncDisposable {
  /** `HOST:PORT` as references have it. */
  readonly address: string;
  /** `http://HOST:PORT` or `https://HOST:PORT`. */
  readonly url: string;
  /** Takes no more connections and waits for what is in flight, at most so many milliseconds. */
  close(graceMs: number): Promise<void>;
}

const LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 30_000,
  // A blob may take hours; silence is what ends a connection (`IDLE_MS`).
  requestTimeout: 0,
  keepAliveTimeout: 60_000,
} satisfies ServerOptions;
const IDLE_MS = 120_000;
const MAX_CONNECTIONS = 1000;

/**
 * Serves a store over the OCI distribution API 1.1.
 * @throws ControllerError USAGE (address, port), SETTINGS_INVALID (certificate, passwords).
 */
export async function serveRegistry(options: ServeOptions): Promise<RunningRegistry> {
  const { store, host = '127.0.0.1', tls, htpasswdFile, log } = options;
  if (!isLoopback(host) && htpasswdFile === undefined && options.anonymous !== true) {
    throw new ControllerError(
      'USAGE',
      `${host} can be reached from the network, and no passwords are asked for`,
      {
        remedy: 'wait-for-change',
        hint: 'Name an htpasswd file, listen on 127.0.0.1, or allow everybody with --anonymous.',
      },
    );
  }
  const passwordCheck =
    htpasswdFile === undefined ? undefined : await loadPasswordCheck(htpasswdFile);
  if (passwordCheck !== undefined && tls === undefined && !isLoopback(host)) {
    log.warn({ host }, 'passwords cross the network in clear text: serve with a certificate');
  }
  const uploads = createUploads(store);
  const server = await createServer(tls);
  limit(server);
  const dependencies: AnswerDependencies = {
    ...{ store, uploads, passwordCheck, log },
    readOnly: options.readOnly ?? false,
    onRequest: options.onRequest ?? (() => undefined),
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    void answer(dependencies, request, response);
  };
  server.on('request', onRequest);
  // Who waits for `100 Continue` is told to go on only when the body is wanted.
  server.on('checkContinue', onRequest);
  const port = await listen(server, host, options.port);
  server.on('error', (error) => {
    log.error({ err: error }, 'server failed');
  });
  const address = `${isIPv6(host) ? `[${host}]` : host}:${port}`;

  async function close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    server.closeIdleConnections();
    const timer = setTimeout(() => {
      server.closeAllConnections();
    }, graceMs);
    await closed;
    clearTimeout(timer);
    await uploads.close();
  }

  return {
    address,
    url: `${tls === undefined ? 'http' : 'https'}://${address}`,
    close,
    [Symbol.asyncDispose]: () => close(0),
  };
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

async function createServer(tls: ServeOptions['tls']): Promise<Server> {
  if (tls === undefined) return createHttpServer(LIMITS);
  try {
    const [cert, key] = [await readFile(tls.certificateFile), await readFile(tls.keyFile)];
    return createHttpsServer({
      ...LIMITS,
      cert,
      key,
      minVersion: 'TLSv1.2',
      handshakeTimeout: LIMITS.headersTimeout,
    });
  } catch (cause) {
    const files = `the certificate ${tls.certificateFile} and the key ${tls.keyFile}`;
    const message = `${files} cannot be used: ${systemReason(cause)}`;
    throw new ControllerError('SETTINGS_INVALID', message, {
      remedy: 'wait-for-change',
      hint: 'Both are PEM files that this user can read; the key belongs to the certificate and has no passphrase.',
      cause,
    });
  }
}

function limit(server: Server): void {
  server.setTimeout(IDLE_MS);
  server.maxConnections = MAX_CONNECTIONS;
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const error = new ControllerError(
        'USAGE',
        `cannot listen on ${host}:${port}: ${systemReason(cause)}`,
        {
          remedy: 'wait-for-change',
          hint: 'Choose another address or port, or stop what listens there.',
          cause,
        },
      );
      reject(error);
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
