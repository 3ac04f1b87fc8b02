import { ControllerError } from '../base/controller-error.ts';
import type { EndSettings, ExplicitCredentials, RetrySettings } from '../registry/end-settings.ts';

/** What flags say about one end; absent: not given. */
export interface EndFlags {
  /** `--src-tls-verify`, `--dest-tls-verify` */
  readonly tlsVerify?: boolean | undefined;
  /** `--src-authfile`, `--dest-authfile`, else `--authfile` */
  readonly authfile?: string | undefined;
  /** `USER[:PASSWORD]` */
  readonly creds?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly registryToken?: string | undefined;
  readonly noCreds?: boolean | undefined;
  readonly certDir?: string | undefined;
}

/** What both ends share. */
export interface EndDefaults {
  readonly retry: RetrySettings;
  /** Most requests in flight to one host. */
  readonly requestsPerHost: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const IDLE_TIMEOUT_MS = 60_000;

/**
 * How one end reaches registries (spec, config-and-outputs, 8.2 and 8.5; transfer-engine, 5.4).
 * @throws ControllerError USAGE when credential flags exclude each other.
 */
export function endSettingsFromFlags(flags: EndFlags, defaults: EndDefaults): EndSettings {
  const { retry, requestsPerHost, environment } = defaults;
  return {
    tlsVerify: flags.tlsVerify,
    credentials: credentialsFrom(flags),
    authFile: given(flags.authfile) ?? given(environment.REGISTRY_AUTH_FILE),
    certDirectory: given(flags.certDir),
    retry,
    environment,
    requestsPerHost,
    idleTimeoutMs: IDLE_TIMEOUT_MS,
    fileRoot: '',
  };
}

function credentialsFrom(flags: EndFlags): ExplicitCredentials | undefined {
  const { creds, username, password, registryToken } = flags;
  const noCreds = flags.noCreds === true;
  if (creds !== undefined && noCreds) throw excluded('creds and no-creds');
  if (username !== undefined && noCreds) throw excluded('username and no-creds');
  if (creds !== undefined && username !== undefined) throw excluded('creds and username');
  if (username !== undefined && password === undefined) {
    throw usage('password must be specified when username is specified');
  }
  if (password !== undefined && username === undefined) {
    throw usage('username must be specified when password is specified');
  }
  // A token goes before a password, and is sent as it is (spec, transfer-engine, 5.4).
  if (given(registryToken) !== undefined) return { kind: 'token', token: registryToken ?? '' };
  if (creds !== undefined) return parseCredentials(creds);
  if (username !== undefined && password !== undefined) {
    if (username === '') throw usage("username can't be empty");
    return { kind: 'password', username, password };
  }
  return noCreds ? { kind: 'none' } : undefined;
}

function parseCredentials(creds: string): ExplicitCredentials {
  if (creds === '') throw usage("credentials can't be empty");
  const colon = creds.indexOf(':');
  const username = colon < 0 ? creds : creds.slice(0, colon);
  if (username === '') throw usage("username can't be empty");
  return { kind: 'password', username, password: colon < 0 ? '' : creds.slice(colon + 1) };
}

/** An empty value of a flag or a variable counts as none. */
function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function excluded(both: string): ControllerError {
  return usage(`${both} cannot be specified at the same time`);
}

function usage(message: string): ControllerError {
  return new ControllerError('USAGE', message, { remedy: 'wait-for-change' });
}
