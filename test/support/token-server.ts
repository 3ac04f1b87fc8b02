import { createHash, createSign, randomUUID, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type CertificateFiles, makeSigningCertificate } from './certificates.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface TokenUser {
  readonly password: string;
  /** What this user may do with a repository (`pull`, `push`, `delete`). */
  mayDo(repository: string): readonly string[];
}

export interface TokenServerOptions {
  readonly users: Readonly<Record<string, TokenUser>>;
  /** What may be done without credentials; default: nothing. */
  readonly anonymous?: (repository: string) => readonly string[];
  /** Default 300. */
  readonly expiresInSeconds?: number;
  /** Default: plain http. */
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string };
}

/** A server of tokens as the distribution project describes it (Docker Registry v2 authentication via central service). */
export interface TokenServer extends AsyncDisposable {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** PEM file with the certificate that signs: docker-registry's `rootcertbundle`. */
  readonly certificateFile: string;
  /** Every question so far: who, how, and for which scopes. */
  readonly requests: {
    readonly method: string;
    readonly account: string;
    readonly scopes: readonly string[];
  }[];
}

const SERVICE = 'test-registry';
const ISSUER = 'test-issuer';

export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const folder = await temporaryFolder();
  const signing = await makeSigningCertificate(folder.path);
  const requests: { method: string; account: string; scopes: string[] }[] = [];
  const refreshTokens = new Map<string, string>();

  async function answer(request: IncomingMessage): Promise<{ status: number; body: object }> {
    const asked = await readQuestion(request);
    const account = accountOf(asked, options.users, refreshTokens);
    const scopes = asked.form
      .getAll('scope')
      .flatMap((scope) => scope.split(' '))
      .filter((scope) => scope !== '');
    requests.push({ method: request.method ?? '', account: account ?? '(refused)', scopes });
    if (account === undefined)
      return { status: 401, body: { details: 'incorrect username or password' } };
    const mayDo =
      account === ''
        ? options.anonymous
        : options.users[account]?.mayDo.bind(options.users[account]);
    const access = scopes.map((scope) => grant(scope, mayDo ?? (() => [])));
    const expiresInSeconds = options.expiresInSeconds ?? 300;
    const token = signToken(signing, account, access, expiresInSeconds);
    const wantsRefresh =
      asked.form.get('offline_token') === 'true' || asked.form.get('access_type') === 'offline';
    const refreshToken = randomUUID();
    if (wantsRefresh) refreshTokens.set(refreshToken, account);
    return {
      status: 200,
      body: {
        ...{
          token,
          access_token: token,
          expires_in: expiresInSeconds,
          issued_at: new Date().toISOString(),
        },
        ...(wantsRefresh ? { refresh_token: refreshToken } : {}),
      },
    };
  }

  const listener: RequestListener = (request, response) => {
    void answer(request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  };
  const { tls } = options;
  const server =
    tls === undefined
      ? createServer(listener)
      : createTlsServer(
          { cert: await readFile(tls.certificateFile), key: await readFile(tls.keyFile) },
          listener,
        );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    realm: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/token`,
    service: SERVICE,
    issuer: ISSUER,
    certificateFile: signing.certificateFile,
    requests,
    async [Symbol.asyncDispose](): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await folder[Symbol.asyncDispose]();
    },
  };
}

interface Question {
  readonly form: URLSearchParams;
  readonly authorization: string | undefined;
}

async function readQuestion(request: IncomingMessage): Promise<Question> {
  const { authorization } = request.headers;
  if (request.method === 'POST') {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
    return { form: new URLSearchParams(body.toString('utf8')), authorization };
  }
  return { form: new URL(request.url ?? '/', 'http://localhost').searchParams, authorization };
}

/** The account, '' for nobody, undefined for wrong credentials. */
function accountOf(
  { form, authorization }: Question,
  users: TokenServerOptions['users'],
  refreshTokens: ReadonlyMap<string, string>,
): string | undefined {
  if (form.get('grant_type') === 'refresh_token')
    return refreshTokens.get(form.get('refresh_token') ?? '');
  if (form.get('grant_type') === 'password') {
    const username = form.get('username') ?? '';
    return users[username]?.password === form.get('password') ? username : undefined;
  }
  if (authorization === undefined) return '';
  const [username = '', password] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
    .toString('utf8')
    .split(':');
  return users[username] !== undefined && users[username].password === password
    ? username
    : undefined;
}

interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

function grant(scope: string, mayDo: (repository: string) => readonly string[]): Access {
  const first = scope.indexOf(':');
  const last = scope.lastIndexOf(':');
  const [type, name] = [scope.slice(0, first), scope.slice(first + 1, last)];
  const asked = scope.slice(last + 1).split(',');
  const allowed = mayDo(name);
  return {
    type,
    name,
    actions: asked.includes('*') ? allowed : asked.filter((action) => allowed.includes(action)),
  };
}

function signToken(
  signing: CertificateFiles,
  account: string,
  access: readonly Access[],
  expiresInSeconds: number,
): string {
  const now = Math.floor(Date.now() / 1000);
  const x5c = [new X509Certificate(signing.certificate).raw.toString('base64')];
  const header = { typ: 'JWT', alg: 'RS256', x5c };
  const id = createHash('sha256').update(randomUUID()).digest('hex');
  const claims = {
    ...{ iss: ISSUER, sub: account, aud: SERVICE, jti: id, access },
    ...{ exp: now + expiresInSeconds, nbf: now - 10, iat: now },
  };
  const signed = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(signing.key, 'base64url')}`;
}
