import fs from 'node:fs';
import { readFile } from 'node:fs/promises';
import git, { type HttpClient } from 'isomorphic-git';
import { EnvHttpProxyAgent, request, type Dispatcher } from 'undici';
import { ControllerError } from '../base/controller-error.ts';
import { checkRemoteFiles, readCredentials } from './git-credentials.ts';
import type { Environment } from './git-environment.ts';
import { gitError } from './git-failure.ts';
import type { GitRemote, RemoteAddress } from './git-remote.ts';
import type { GitTransport } from './git-transport.ts';
import { localRef } from './local-ref.ts';
import type { GitTimeouts } from './native-transport.ts';
import { pushOutcome, refusedPush } from './push-result.ts';

export interface HttpTransportOptions {
  readonly folder: string;
  readonly remote: GitRemote;
  /** Of an https or http remote. */
  readonly address: RemoteAddress;
  readonly ambient: Environment;
  readonly timeouts: GitTimeouts;
}

interface Session {
  readonly http: HttpClient;
  readonly headers: Record<string, string>;
}

/**
 * The transport for machines without the git program: isomorphic-git over HTTP. It knows no credential
 * helpers and no Git configuration, follows no redirects, and holds what it fetches in memory.
 */
export function httpTransport(options: HttpTransportOptions): GitTransport {
  const { folder, address, remote, timeouts } = options;
  const { url, display } = address;

  /** One call with its own connections, closed at the end; failures become errors of ours. */
  async function call<T>(
    action: string,
    totalMs: number,
    signal: AbortSignal,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    await checkRemoteFiles(remote);
    const credentials = await readCredentials(remote, address);
    const secrets = credentials === undefined ? [] : [credentials.password];
    const agent = proxyAgent(options, await readAuthority(remote));
    const limited = AbortSignal.any([signal, AbortSignal.timeout(totalMs)]);
    const headers: Record<string, string> = {};
    if (credentials !== undefined) {
      const pair = Buffer.from(`${credentials.username}:${credentials.password}`).toString(
        'base64',
      );
      headers.Authorization = `Basic ${pair}`;
    }
    try {
      return await work({ http: httpClient(agent, limited, timeouts.idleMs), headers });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ControllerError) throw error;
      throw gitError({ action, display, output: describe(error), secrets });
    } finally {
      await agent.destroy();
    }
  }

  return {
    listRefs(refs, signal) {
      return call('look up branches', timeouts.lookUpMs, signal, async (session) => {
        const found = new Map<string, string>();
        // Servers match prefixes: several small answers instead of all the branches of the repository.
        for (const ref of refs) {
          const list = await git.listServerRefs({ ...session, url, prefix: ref });
          const exact = list.find((candidate) => candidate.ref === ref);
          if (exact !== undefined) found.set(ref, exact.oid);
        }
        return found;
      });
    },

    fetch(source, { shallow }, signal) {
      const name = source.replace(/^refs\/(?:heads|tags)\//, '');
      return call(`fetch ${name}`, timeouts.totalMs, signal, async (session) => {
        await git.setConfig({
          ...{ fs, gitdir: folder, path: 'remote.origin.fetch' },
          value: '+refs/heads/*:refs/remotes/origin/*',
        });
        const result = await git.fetch({
          ...{ ...session, fs, gitdir: folder, url, remote: 'origin', singleBranch: true },
          ...{ ref: localRef(source), remoteRef: source, tags: false },
          ...(shallow ? { depth: 1 } : {}),
        });
        if (result.fetchHead === null) {
          throw gitError({
            action: `fetch ${name}`,
            display,
            output: "couldn't find remote ref",
            secrets: [],
          });
        }
        const value = result.fetchHead;
        await git.writeRef({ fs, gitdir: folder, ref: localRef(source), value, force: true });
        return value;
      });
    },

    fetchEverything() {
      return Promise.reject(
        new ControllerError('GIT_NOT_FOUND', `${display} does not hand out this commit by its id`, {
          remedy: 'wait-for-change',
          hint: 'Name a branch, a tag or the full id of a commit, or install the git program.',
        }),
      );
    },

    push({ ref, commit, expectedOld }, signal) {
      const branch = ref.replace(/^refs\/heads\//, '');
      return call(`push ${branch}`, timeouts.totalMs, signal, async (session) => {
        const local = localRef(`push:${ref}`);
        await git.writeRef({ fs, gitdir: folder, ref: local, value: commit, force: true });
        const messages: string[] = [];
        try {
          await git.push({
            ...{
              ...session,
              fs,
              gitdir: folder,
              url,
              remote: 'origin',
              ref: local,
              remoteRef: ref,
            },
            onMessage: (message) => void messages.push(`remote: ${message}`),
            // The compare of the compare-and-swap; the swap is the server's, which is told the old id.
            onPrePush: ({ remoteRef }) =>
              (/^0+$/.test(remoteRef.oid) ? undefined : remoteRef.oid) === expectedOld,
          });
          return 'pushed';
        } catch (error) {
          if (error instanceof git.Errors.UserCanceledError) return 'rejected';
          if (error instanceof git.Errors.PushRejectedError) return 'rejected';
          if (!(error instanceof git.Errors.GitPushError)) throw error;
          const reason = error.data.prettyDetails;
          if (pushOutcome({ by: 'server', reason }) === 'rejected') return 'rejected';
          throw refusedPush({ branch, display, reason, output: messages.join('\n'), secrets: [] });
        }
      });
    },
  };
}

async function readAuthority({ caFile }: GitRemote): Promise<Buffer | undefined> {
  if (caFile === undefined) return undefined;
  try {
    return await readFile(caFile);
  } catch (error) {
    throw new ControllerError('GIT_UNTRUSTED', `the CA file ${caFile} cannot be read`, {
      remedy: 'retry-later',
      hint: "Name a readable PEM file with the certificate of the server's authority in caFile.",
      cause: error,
    });
  }
}

function proxyAgent(
  { ambient, timeouts }: HttpTransportOptions,
  ca: Buffer | undefined,
): Dispatcher {
  const variable = (name: string): string | undefined =>
    ambient[name] ?? ambient[name.toUpperCase()];
  const httpProxy = variable('http_proxy') ?? variable('all_proxy');
  const httpsProxy = variable('https_proxy') ?? variable('all_proxy');
  const tls = { timeout: 30_000, ...(ca === undefined ? {} : { ca }) };
  return new EnvHttpProxyAgent({
    // Empty, not absent: else undici reads the environment of the process by itself.
    ...{
      httpProxy: httpProxy ?? '',
      httpsProxy: httpsProxy ?? '',
      noProxy: variable('no_proxy') ?? '',
    },
    ...{
      connect: tls,
      requestTls: tls,
      headersTimeout: timeouts.idleMs,
      bodyTimeout: timeouts.idleMs,
    },
  });
}

function httpClient(dispatcher: Dispatcher, signal: AbortSignal, idleMs: number): HttpClient {
  return {
    async request({ url, method = 'GET', headers = {}, body }) {
      const chunks: Uint8Array[] = [];
      if (body !== undefined) for await (const chunk of body) chunks.push(chunk);
      const response = await request(url, {
        ...{ method: method === 'POST' ? 'POST' : 'GET', headers, dispatcher, signal },
        ...{ headersTimeout: idleMs, bodyTimeout: idleMs },
        body: chunks.length === 0 ? null : Buffer.concat(chunks),
      });
      const first = (value: string | string[] | undefined): string => [value].flat()[0] ?? '';
      return {
        url,
        method,
        statusCode: response.statusCode,
        statusMessage: String(response.statusCode),
        headers: Object.fromEntries(
          Object.entries(response.headers).map(([name, value]) => [
            name.toLowerCase(),
            first(value),
          ]),
        ),
        body: response.body[Symbol.asyncIterator](),
      };
    },
  };
}

/** The words of an error and its causes, in the form in which git would report them. */
function describe(error: unknown): string {
  if (error instanceof git.Errors.HttpError) {
    return `The requested URL returned error: ${error.data.statusCode}`;
  }
  if (error instanceof git.Errors.NotFoundError) return "couldn't find remote ref";
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? ` (${String(error.code)})` : '';
  const cause = error.cause === undefined ? '' : `\n${describe(error.cause)}`;
  return `${error.message}${code}${cause}`;
}
