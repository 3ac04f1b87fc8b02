import {
  type Answering,
  type LoopbackServer,
  type SeenRequest,
  startLoopbackServer,
} from './loopback-server.ts';

export interface Guarded {
  readonly challenge: (tokens: LoopbackServer) => string | string[];
  /** Whether a request is let in; the rest gets the challenge. */
  readonly accepts: (authorization: string | undefined, request: SeenRequest) => boolean;
  readonly token?: Answering;
  readonly answer?: Answering;
}

/** A registry that asks for credentials, and a token server. */
export async function startGuardedRegistry({
  challenge,
  accepts,
  token,
  answer,
}: Guarded): Promise<
  AsyncDisposable & { readonly registry: LoopbackServer; readonly tokens: LoopbackServer }
> {
  let issued = 0;
  const tokens = await startLoopbackServer(
    token ??
      ((_, response) => {
        issued += 1;
        response.end(JSON.stringify({ token: `token-${issued}`, expires_in: 300 }));
      }),
  );
  const registry = await startLoopbackServer((request, response) => {
    const { authorization } = request.headers;
    if (!accepts(authorization, request)) {
      response.writeHead(401, { 'www-authenticate': challenge(tokens) });
      response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
    } else if (answer === undefined) response.end('answer');
    else answer(request, response);
  });
  return {
    registry,
    tokens,
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await tokens[Symbol.asyncDispose]();
    },
  };
}

/** The challenge that names the token server. */
export const bearer =
  (more = '') =>
  (tokens: LoopbackServer): string =>
    `Bearer realm="${tokens.origin}/token?from=realm",service="registry"${more}`;

/** Which `Authorization` each request to a server had. */
export function authorizations({ seen }: LoopbackServer): unknown[] {
  return seen.map(({ url, headers }) => [url, headers.authorization]);
}
