import { ControllerError, type ErrorCode } from '../base/controller-error.ts';
import { sanitizeOutput } from './sanitize.ts';

/** What is known about a call of git that failed. */
export interface GitFailure {
  /** What was asked for: `look up main`. */
  readonly action: string;
  /** The remote's URL without user. */
  readonly display: string;
  /** What git and the server said. */
  readonly output: string;
  /** Texts that must not appear in a message. */
  readonly secrets: readonly string[];
  readonly cause?: unknown;
}

interface FailureKind {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly what: string;
  readonly hint: string;
  readonly remedy?: 'wait-for-change';
}

/** In order: a message about a refused key is followed by one about the connection that ended. */
const KINDS: readonly FailureKind[] = [
  {
    // What the server says of its own disk begins with `remote:`.
    pattern: /^(?!remote:).*(?:No space left on device|Disk quota exceeded)/im,
    code: 'STATE_UNAVAILABLE',
    what: 'no space is left in the state directory',
    hint: 'Make room on its disk, or name a directory on a larger one with --state.',
  },
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED|host key for .* has changed/i,
    code: 'GIT_UNTRUSTED',
    what: 'the ssh host key of the server is not the known one',
    hint: 'Ask whoever runs the server whether its key was changed. If so, replace its line in the known hosts file; if not, somebody may be in between.',
  },
  {
    pattern: /Host key verification failed|No \S+ host key is known/i,
    code: 'GIT_UNTRUSTED',
    what: 'the ssh host key of the server is not known',
    hint: 'Get the key with ssh-keyscan, compare its fingerprint with what the server publishes, and put it into the file that knownHostsFile names.',
  },
  {
    pattern: /UNPROTECTED PRIVATE KEY FILE|bad permissions|error in libcrypto|invalid format/i,
    code: 'GIT_UNAUTHORIZED',
    what: 'ssh cannot use the key',
    hint: 'The file of sshKeyFile must hold an unencrypted private key that ends with a line break, readable by its owner only (mode 0400).',
  },
  {
    pattern: /Permission denied \(|Too many authentication failures|no such identity/i,
    code: 'GIT_UNAUTHORIZED',
    what: 'the server does not accept the ssh key',
    hint: 'Register the public key of sshKeyFile at the server, with write access where manifests are pushed, and check the user in the URL (mostly git@).',
  },
  {
    pattern: /cannot run ssh|\bssh: (?:command )?not found/i,
    code: 'GIT_INVALID',
    what: 'git needs the program ssh, which is not there',
    hint: 'Install an ssh client, or use https with a token.',
    remedy: 'wait-for-change',
  },
  {
    pattern: /No user exists for uid/i,
    code: 'GIT_INVALID',
    what: 'ssh refuses to run as a user that has no entry in /etc/passwd',
    hint: 'Run the container as a user that exists, or use https with a token.',
  },
  {
    pattern: /(?:returned error:|HTTP Error:|HTTP code) 407|response 407/i,
    code: 'GIT_UNAUTHORIZED',
    what: 'the proxy does not accept the credentials',
    hint: 'Write the user and password of the proxy into the variable https_proxy, or into http.proxy of the Git configuration.',
  },
  {
    pattern: /(?:returned error:|HTTP Error:) 403/i,
    code: 'GIT_UNAUTHORIZED',
    what: 'the server does not allow it',
    hint: 'Give the user of the token or password the right to read this repository, and to write where manifests are pushed; check that it is neither archived nor read-only.',
  },
  {
    pattern:
      /Authentication failed|could not read (?:Username|Password)|HTTP Basic: Access denied|returned error: 401|Invalid (?:username|credentials)|HTTP Error: 401/i,
    code: 'GIT_UNAUTHORIZED',
    what: 'the server does not accept the credentials',
    hint: 'Check that the token or password is the right one, has not expired, and may read this repository (and write, where manifests are pushed); check username.',
  },
  {
    pattern: /dubious ownership/i,
    code: 'GIT_UNAUTHORIZED',
    what: 'the repository belongs to another user of this machine',
    hint: 'Run `git config --global --add safe.directory PATH` as the user of the controller, or give the repository to that user.',
  },
  {
    pattern:
      /certificate|SSL_|SSL:|gnutls_handshake|self[- ]signed|unable to get local issuer|TLS|CAfile/i,
    code: 'GIT_UNTRUSTED',
    what: 'the TLS certificate of the server cannot be verified',
    hint: "Name the file of the server's CA in caFile, and check that the certificate is for this host name and has not expired.",
  },
  {
    pattern:
      /couldn't find remote ref|Remote branch .* not found|not our ref|no such ref|unadvertised object/i,
    code: 'GIT_NOT_FOUND',
    what: 'the repository does not have it',
    hint: 'Check the name of the branch, tag or commit.',
  },
  {
    pattern:
      /repository .* not found|Repository not found|not appear to be a git repository|does not exist|could not be found|No such file or directory|returned error: 404|HTTP Error: 404|not a git repository|not valid: is this a git repository/i,
    code: 'GIT_NOT_FOUND',
    what: 'there is no such repository',
    hint: 'Check the URL, and whether the credentials may see the repository: servers hide private ones.',
  },
  {
    pattern:
      /transport '.*' not allowed|protocol .* is not supported|unable to find remote helper/i,
    code: 'GIT_INVALID',
    what: 'this kind of URL is not allowed',
    hint: 'Use an https, ssh or file URL; check url.….insteadOf in the Git configuration of the user.',
    remedy: 'wait-for-change',
  },
  {
    pattern: /mismatched algorithms|object format|object-format/i,
    code: 'GIT_INVALID',
    what: 'the repository has SHA-256 object ids',
    hint: 'Use a repository with SHA-1 object ids; others cannot be read here.',
    remedy: 'wait-for-change',
  },
];

const UNREACHABLE: Omit<FailureKind, 'pattern'> = {
  code: 'GIT_UNREACHABLE',
  what: 'the server cannot be reached, or the connection broke',
  hint: 'Check the URL, the network and the proxy. It is tried again by itself.',
};

/** The error of a failed call: its code and hint from what git and the server said in English (LC_ALL=C). */
export function gitError(failure: GitFailure): ControllerError {
  const kind = KINDS.find(({ pattern }) => pattern.test(failure.output)) ?? UNREACHABLE;
  const said = sanitizeOutput(failure.output, failure.secrets);
  const message = `cannot ${failure.action} at ${failure.display}: ${kind.what}`;
  return new ControllerError(kind.code, said === '' ? message : `${message}\n${said}`, {
    remedy: kind.remedy ?? 'retry-later',
    hint: kind.hint,
    cause: failure.cause,
  });
}

/** Whether git complains about our own copy, which can be made again, and not about the remote. */
export function isDamagedCopy(output: string): boolean {
  return /bad object|object file .* is empty|is corrupt|unable to read (?:tree|sha1)|bad tree object|bad signature|did not send all necessary objects|not a git repository: |missing (?:blob|tree|commit)|invalid (?:object|sha1 pointer)|badly formatted|bad config|shallow file has changed|broken ref|index-pack died|inflate: data stream error/i.test(
    output,
  );
}
