import { join } from 'node:path';
import type { Log } from '../../base/log.ts';
import type { EndSettings, ExplicitCredentials } from '../end-settings.ts';
import { HttpFailure } from '../http/http-failure.ts';
import {
  type AuthFile,
  type AuthFilePlace,
  credentialIn,
  helperFor,
  readAuthFile,
} from './auth-file.ts';
import type { Credential, FoundCredential } from './credential.ts';
import { askCredentialHelper } from './credential-helper.ts';
import { helperServersFor } from './host-keys.ts';

export type FindCredential = (
  /** `isNamed`: the host was named by the user, not by registries.conf: explicit credentials are for it alone. */
  target: { readonly host: string; readonly repository: string; readonly isNamed: boolean },
  signal: AbortSignal,
) => Promise<FoundCredential>;

interface Places {
  readonly settings: Pick<EndSettings, 'credentials' | 'authFile' | 'environment' | 'fileRoot'>;
  /** `credential-helpers` of registries.conf. */
  readonly helpers: readonly string[];
  readonly log: Log;
}

/** In `credential-helpers`, the credentials files. */
const FILES = 'containers-auth.json';

/** Looks for a repository's credential in the order of the spec, transfer-engine, 5.4; reads files anew each time. */
export function createFindCredential({ settings, helpers, log }: Places): FindCredential {
  async function inHelper(
    name: string,
    host: string,
    signal: AbortSignal,
  ): Promise<Credential | 'missing' | undefined> {
    for (const server of helperServersFor(host)) {
      const answer = await askCredentialHelper(name, server, settings.environment, signal);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  async function inFile(
    file: AuthFile,
    { host, repository }: { readonly host: string; readonly repository: string },
    signal: AbortSignal,
  ): Promise<Omit<FoundCredential, 'looked'> | undefined> {
    const helper = helperFor(file, host);
    if (helper !== undefined) {
      const credential = await inHelper(helper, host, signal);
      if (credential === 'missing') throw missingHelper(helper, file.path);
      if (credential !== undefined) return { credential, origin: `credential helper ${helper}` };
    }
    if (file.store !== undefined && file.store !== '') {
      const credential = await inHelper(file.store, host, signal);
      // A file from a desktop names a store that a server lacks; its other entries still hold.
      if (credential === 'missing')
        log.warn({ file: file.path, store: file.store }, 'credential store is not installed');
      else if (credential !== undefined)
        return { credential, origin: `credential helper ${file.store}` };
    }
    const found = credentialIn(file, host, repository);
    return found && { credential: found.credential, origin: `${file.path}, key ${found.key}` };
  }

  return async (target, signal) => {
    const explicit = target.isNamed ? settings.credentials : undefined;
    if (explicit !== undefined) return fromExplicit(explicit);
    const looked: string[] = [];
    for (const helper of settings.authFile === undefined ? helpers : [FILES]) {
      if (helper !== FILES) {
        looked.push(`credential helper ${helper}`);
        const credential = await inHelper(helper, target.host, signal);
        if (credential === 'missing') throw missingHelper(helper, 'registries.conf');
        if (credential !== undefined)
          return { credential, origin: `credential helper ${helper}`, looked };
        continue;
      }
      for (const place of authFilePlaces(settings)) {
        looked.push(place.path);
        const file = await readAuthFile(place);
        if (file === undefined && settings.authFile !== undefined) throw missingFile(place.path);
        const found = file && (await inFile(file, target, signal));
        if (found !== undefined) return { ...found, looked };
      }
    }
    return { credential: { kind: 'anonymous' }, origin: 'anonymous', looked };
  };
}

/** The credentials files that count, best first. */
export function authFilePlaces({
  authFile,
  environment,
  fileRoot,
}: Pick<EndSettings, 'authFile' | 'environment' | 'fileRoot'>): AuthFilePlace[] {
  if (authFile !== undefined) return [{ path: authFile, form: 'auths' }];
  const value = (name: string): string | undefined => {
    const text = environment[name] ?? '';
    return text === '' ? undefined : text;
  };
  const home = value('HOME');
  const inHome = (path: string): string | undefined => home && join(home, path);
  const runtimeDirectory = value('XDG_RUNTIME_DIR');
  const runtime =
    runtimeDirectory === undefined
      ? join(fileRoot, '/run/containers', String(process.getuid?.() ?? 0), 'auth.json')
      : join(runtimeDirectory, 'containers/auth.json');
  const config = value('XDG_CONFIG_HOME') ?? inHome('.config');
  const docker = value('DOCKER_CONFIG') ?? inHome('.docker');
  const old = inHome('.dockercfg');
  return [
    {
      path: runtime,
      form: 'auths',
    },
    ...(config ? [{ path: join(config, 'containers/auth.json'), form: 'auths' } as const] : []),
    ...(docker ? [{ path: join(docker, 'config.json'), form: 'auths' } as const] : []),
    ...(old ? [{ path: old, form: 'dockercfg' } as const] : []),
  ];
}

function fromExplicit(explicit: ExplicitCredentials): FoundCredential {
  const looked = ['the command line'];
  switch (explicit.kind) {
    case 'none':
      return { credential: { kind: 'anonymous' }, origin: 'anonymous', looked };
    case 'token':
      return {
        credential: { kind: 'bearer', token: explicit.token },
        origin: 'the command line',
        looked,
      };
    case 'password':
      return { credential: explicit, origin: 'the command line', looked };
    default:
      return explicit satisfies never;
  }
}

function missingHelper(helper: string, file: string): HttpFailure {
  return new HttpFailure(
    'CREDENTIALS_INVALID',
    `${file} names the credential helper ${helper}, which is not installed`,
    {
      remedy: 'wait-for-change',
      again: false,
      hint: `Install docker-credential-${helper} in a directory of PATH, or remove it from ${file}.`,
    },
  );
}

function missingFile(path: string): HttpFailure {
  return new HttpFailure('CREDENTIALS_INVALID', `the credentials file ${path} does not exist`, {
    remedy: 'wait-for-change',
    again: false,
    hint: 'Correct --authfile or REGISTRY_AUTH_FILE, or write the file with `podman login --authfile FILE HOST`.',
  });
}
