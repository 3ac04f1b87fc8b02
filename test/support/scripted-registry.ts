import { createServer } from 'node:http';

/** A request as a scripted registry saw it. */
export interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface ScriptedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Sends so many bytes of the body and then cuts the connection. */
  readonly cutAfter?: number;
}

export interface ScriptedRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Every request so far, pings left out. */
  readonly requests: SeenRequest[];
  /** `METHOD path` of every request so far, pings left out. */
  lines(): string[];
}

/** An HTTP server on 127.0.0.1 that answers what the script says, for answers that no real registry gives at will. */
export async function startScriptedRegistry(
  script: (
    request: SeenRequest,
    host: string,
  ) => ScriptedAnswer | undefined | Promise<ScriptedAnswer | undefined>,
): Promise<ScriptedRegistry> {
  const requests: SeenRequest[] = [];
  let host = '';
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('error', () => undefined);
    incoming.on('end', () => {
      void (async () => {
        const { method = '', url: path = '', headers } = incoming;
        if (path === '/v2/') {
          outgoing.writeHead(200).end();
          return;
        }
        const seen = { method, path, headers, body: Buffer.concat(chunks) };
        requests.push(seen);
        const answer = (await script(seen, host)) ?? { status: 404 };
        const body = Buffer.from(answer.body ?? '');
        if (answer.cutAfter === undefined) {
          outgoing.writeHead(answer.status, answer.headers).end(body);
          return;
        }
        outgoing.writeHead(answer.status, { ...answer.headers, 'content-length': body.length });
        outgoing.write(body.subarray(0, answer.cutAfter), () => {
          // The client has to see the bytes before the end.
          setTimeout(() => incoming.socket.destroy(), 20);
        });
      })();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return {
    host,
    requests,
    lines: () => requests.map(({ method, path }) => `${method} ${path}`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}
