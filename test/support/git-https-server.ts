import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProgram, waitForListener } from './background-program.ts';
import { makeCertificateAuthority } from './certificates.ts';
import { freePort } from './free-port.ts';
import { makeGitRepository, type GitFixture } from './git-fixture.ts';
import { findProgram, hasProgram, runProgramOrThrow } from './run-program.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Whether this machine can run a Git server over https: nginx, fcgiwrap, git http-backend, openssl. */
export const canServeGitHttps = ['nginx', 'fcgiwrap', 'git', 'openssl'].every(hasProgram);

/** nginx with `git http-backend`, TLS by an authority of its own, and a token as the password. */
export interface GitHttpsServer extends AsyncDisposable {
  /** `https://localhost:PORT` */
  readonly url: string;
  readonly caFile: string;
  readonly username: string;
  readonly token: string;
  /** Makes another token the only one that is accepted, from the next request on. */
  setToken(token: string): Promise<void>;
  /** Makes a bare repository, served at `URL/NAME`. */
  makeRepository(name: string): Promise<GitFixture>;
  /** The requests so far that the server accepted, as `GET /name/info/refs?service=…`. */
  acceptedRequests(): Promise<string[]>;
}

/** Starts the server with configuration, logs and sockets in a temporary folder; needs no privileges. */
export async function startGitHttpsServer(): Promise<GitHttpsServer> {
  await using stack = new AsyncDisposableStack();
  const { path: folder } = stack.use(await temporaryFolder());
  const authority = await makeCertificateAuthority(folder);
  const certificate = await authority.issueServer();
  const port = await freePort();
  const username = 'robot';
  const token = 'tok-3f9a/+ 7';
  await setToken(token);
  const repositories = join(folder, 'repositories');
  await mkdir(repositories);

  const socket = join(folder, 'fcgi.sock');
  const fcgiwrap = stack.use(
    startProgram(findProgram('fcgiwrap') ?? '', ['-c', '2', '-s', `unix:${socket}`], {
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
    }),
  );
  await waitForListener({ path: socket }, fcgiwrap);

  const accessLog = join(folder, 'access.log');
  const execPath = (await runProgramOrThrow('git', ['--exec-path'])).toString('utf8').trim();
  const configuration = join(folder, 'nginx.conf');
  await writeFile(
    configuration,
    nginxConfiguration({
      ...{ folder, port, accessLog, socket, repositories },
      backend: join(execPath, 'git-http-backend'),
      certificateFile: certificate.certificateFile,
      keyFile: certificate.keyFile,
    }),
  );
  const nginx = stack.use(
    startProgram(findProgram('nginx') ?? '', [
      ...['-p', folder, '-c', configuration, '-e', join(folder, 'error.log')],
    ]),
  );
  await waitForListener({ port }, nginx);

  async function setToken(accepted: string): Promise<void> {
    const hash = await runProgramOrThrow('openssl', ['passwd', '-apr1', accepted]);
    await writeFile(join(folder, 'htpasswd'), `${username}:${hash.toString('utf8').trim()}\n`);
  }

  const owned = stack.move();
  return {
    url: `https://localhost:${port}`,
    caFile: authority.caFile,
    username,
    token,
    setToken,
    async makeRepository(name) {
      const repository = await makeGitRepository(join(repositories, name));
      await repository.git(['config', 'http.receivepack', 'true']);
      return repository;
    },
    async acceptedRequests() {
      const lines = (await readFile(accessLog, 'utf8')).trimEnd().split('\n');
      return lines.filter((line) => line.startsWith('2')).map((line) => line.slice(4));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function nginxConfiguration(paths: {
  readonly folder: string;
  readonly port: number;
  readonly accessLog: string;
  readonly socket: string;
  readonly repositories: string;
  readonly backend: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${join(paths.folder, name)};`)
    .join('\n');
  return `
daemon off;
worker_processes 1;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid ${join(paths.folder, 'nginx.pid')};
error_log stderr warn;
events { worker_connections 64; }
http {
${temporary}
  log_format requests '$status $request_method $request_uri';
  access_log ${paths.accessLog} requests;
  server {
    listen 127.0.0.1:${paths.port} ssl;
    ssl_certificate ${paths.certificateFile};
    ssl_certificate_key ${paths.keyFile};
    client_max_body_size 0;
    location / {
      auth_basic "Git";
      auth_basic_user_file ${join(paths.folder, 'htpasswd')};
      fastcgi_pass unix:${paths.socket};
      fastcgi_param SCRIPT_FILENAME ${paths.backend};
      fastcgi_param GIT_PROJECT_ROOT ${paths.repositories};
      fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param PATH_INFO $uri;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param REMOTE_USER $remote_user;
      fastcgi_param REMOTE_ADDR $remote_addr;
      fastcgi_param HTTP_GIT_PROTOCOL $http_git_protocol;
      fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
    }
  }
}
`;
}
