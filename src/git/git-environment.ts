import type { GitCredentials } from './git-credentials.ts';
import type { GitRemote, RemoteAddress } from './git-remote.ts';

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Variables of git that an administrator may set for us: which configuration to read, how to connect.
 * Others (GIT_DIR of a surrounding hook, GIT_TRACE, …) would redirect or disclose what we do.
 */
const PASSED_ON = new Set([
  ...['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_NOSYSTEM', 'GIT_CONFIG_SYSTEM', 'GIT_EXEC_PATH'],
  ...['GIT_SSH', 'GIT_SSH_COMMAND', 'GIT_SSH_VARIANT', 'GIT_PROXY_COMMAND'],
  ...['GIT_SSL_CAINFO', 'GIT_SSL_CAPATH', 'GIT_SSL_CERT', 'GIT_SSL_KEY', 'GIT_SSL_NO_VERIFY'],
  ...['GIT_HTTP_USER_AGENT', 'GIT_HTTP_PROXY_AUTHMETHOD'],
]);

/** Programs that git starts to talk to people: nobody is there. */
const INTERACTIVE = new Set(['EDITOR', 'VISUAL', 'PAGER', 'PREFIX', 'SSH_ASKPASS', 'DISPLAY']);

/** Answers `get` with what two variables hold, so that the password is in no command line and no file. */
const CREDENTIAL_HELPER =
  '!f() { test "$1" = get && printf \'username=%s\\npassword=%s\\n\' "$IMAGESET_GIT_USERNAME" "$IMAGESET_GIT_PASSWORD"; }; f';

/**
 * The environment that git runs in. It reads the configuration of the machine and its user, so their
 * proxies, CA files and credential helpers work; on top come our limits and the remote's own settings, as
 * `GIT_CONFIG_…` variables, which other users cannot see in the list of processes.
 */
export function gitEnvironment(options: {
  readonly ambient: Environment;
  readonly folder: string;
  readonly remote: GitRemote;
  readonly address: RemoteAddress;
  readonly credentials: GitCredentials | undefined;
}): Record<string, string> {
  const { ambient, folder, remote, address, credentials } = options;
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(ambient)) {
    const upper = name.toUpperCase();
    if (value === undefined || INTERACTIVE.has(upper)) continue;
    if (!upper.startsWith('GIT') || PASSED_ON.has(upper)) environment[name] = value;
  }
  environment.GIT_DIR = folder;
  environment.GIT_TERMINAL_PROMPT = '0';
  environment.LC_ALL = 'C';
  if (credentials !== undefined) {
    environment.IMAGESET_GIT_USERNAME = credentials.username;
    environment.IMAGESET_GIT_PASSWORD = credentials.password;
  }
  // The variable, because it goes before http.sslCAInfo of any configuration.
  if (remote.caFile !== undefined) environment.GIT_SSL_CAINFO = remote.caFile;
  const ssh = sshCommand(remote, ambient);
  if (ssh !== undefined) {
    environment.GIT_SSH_COMMAND = ssh;
    environment.GIT_SSH_VARIANT = 'ssh';
  }
  const config = gitConfig(remote, address, credentials);
  environment.GIT_CONFIG_COUNT = String(config.length);
  for (const [index, [key, value]] of config.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return environment;
}

function gitConfig(
  remote: GitRemote,
  address: RemoteAddress,
  credentials: GitCredentials | undefined,
): [key: string, value: string][] {
  const config: [string, string][] = [
    ['core.hooksPath', '/dev/null'],
    // What is not listed is refused: ext:: runs programs.
    ['protocol.allow', 'never'],
    ['protocol.https.allow', 'always'],
    ['protocol.ssh.allow', 'always'],
    ['protocol.file.allow', 'always'],
    ['protocol.version', '2'],
    ['submodule.recurse', 'false'],
    // Collecting garbage while isomorphic-git reads would take packs away from under it.
    ['gc.auto', '0'],
    ['maintenance.auto', 'false'],
    ['http.lowSpeedLimit', '1'],
    ['http.lowSpeedTime', '120'],
  ];
  if (address.kind === 'http') config.push(['protocol.http.allow', 'always']);
  if (credentials !== undefined && address.origin !== undefined) {
    config.push(
      ['core.askPass', ''],
      // An empty value forgets all helpers: none of the user's shall store our password.
      ['credential.helper', ''],
      // Only for this origin: after a redirect to another one, git asks nobody.
      [`credential.${address.origin}.helper`, CREDENTIAL_HELPER],
      // Since git 2.46: sends them at once, without a first request that is refused.
      ['http.proactiveAuth', 'basic'],
    );
  }
  return config;
}

/** How git shall call ssh: never asking, never accepting an unknown host. */
function sshCommand(remote: GitRemote, ambient: Environment): string | undefined {
  const { sshKeyFile, knownHostsFile } = remote;
  const isOwn = sshKeyFile !== undefined || knownHostsFile !== undefined;
  const theirs = ambient.GIT_SSH_COMMAND ?? ambient.GIT_SSH;
  if (!isOwn && theirs !== undefined) return undefined;
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    'ConnectTimeout=30',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=4',
    // A shared connection would outlive the call.
    'ControlMaster=no',
    'ControlPath=none',
  ];
  if (knownHostsFile !== undefined) {
    options.push(`UserKnownHostsFile=${sshPath(knownHostsFile)}`, 'GlobalKnownHostsFile=/dev/null');
  }
  if (sshKeyFile !== undefined) {
    options.push(`IdentityFile=${sshPath(sshKeyFile)}`, 'IdentitiesOnly=yes', 'IdentityAgent=none');
  }
  return ['ssh', ...options.map((option) => `-o ${shellQuote(option)}`)].join(' ');
}

// ssh splits such values at spaces and expands %.
function sshPath(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`;
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
