import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface ConnectProxy extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** What was asked for: `CONNECT host:port` or `GET http://…`, with the credentials that came along. */
  readonly seen: readonly { readonly line: string; readonly authorization: string | undefined }[];
}

/**
 * An HTTP proxy. It resolves every name to a port of 127.0.0.1, so that tests can use names that do not exist;
 * requests in absolute form are answered with `forwarded`.
 */
export async function startConnectProxy(
  portOf: (target: string) => number,
  accepts: (authorization: string | undefined) => boolean = () => true,
): Promise<ConnectProxy> {
  const seen: { line: string; authorization: string | undefined }[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    seen.push({
      line: `${request.method ?? ''} ${request.url ?? ''}`,
      authorization: request.headers['proxy-authorization'],
    });
    response.end('forwarded');
  });
  server.on('connect', (request, client: Socket) => {
    const authorization = request.headers['proxy-authorization'];
    seen.push({ line: `CONNECT ${request.url ?? ''}`, authorization });
    client.on('error', () => undefined);
    if (!accepts(authorization)) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const target = connect(portOf(request.url ?? ''), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.pipe(client).pipe(target);
    });
    target.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'));
    sockets.add(target);
  });
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
