import { access, constants, open } from 'node:fs/promises';
import { ControllerError } from '../base/controller-error.ts';
import { systemReason } from '../base/system-reason.ts';
import type { GitRemote, RemoteAddress } from './git-remote.ts';

/** What an https server is shown. */
export interface GitCredentials {
  readonly username: string;
  readonly password: string;
}

const MAX_SECRET_BYTES = 64 * 1024;

/**
 * The credentials of a remote, read now; undefined where the settings name none, and git's own credential
 * helpers are asked. Throws `GIT_UNAUTHORIZED` for a file that cannot be read or is no single line.
 */
export async function readCredentials(
  remote: GitRemote,
  address: RemoteAddress,
): Promise<GitCredentials | undefined> {
  const file = remote.tokenFile ?? remote.passwordFile;
  if (file === undefined || address.origin === undefined) return undefined;
  const username = remote.username ?? address.username ?? 'git';
  return {
    username: oneLine(username, 'the user name'),
    password: oneLine(await readText(file), file),
  };
}

/**
 * Looks whether the other files that a remote names can be read: what git and ssh say of one that cannot be is about
 * certificates and keys that are not accepted. Throws `GIT_UNAUTHORIZED` or `GIT_UNTRUSTED`.
 */
export async function checkRemoteFiles(remote: GitRemote): Promise<void> {
  for (const field of ['caFile', 'sshKeyFile', 'knownHostsFile'] as const) {
    const file = remote[field];
    if (file === undefined) continue;
    try {
      await access(file, constants.R_OK);
    } catch (error) {
      const message = `${file}, the ${field} of the Git settings, cannot be read: ${systemReason(error)}`;
      const code = field === 'sshKeyFile' ? 'GIT_UNAUTHORIZED' : 'GIT_UNTRUSTED';
      throw new ControllerError(code, message, {
        remedy: 'retry-later',
        hint: `Put the file there, let this user read it, or correct ${field} in the settings.`,
        cause: error,
      });
    }
  }
}

async function readText(file: string): Promise<string> {
  try {
    await using handle = await open(file);
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(MAX_SECRET_BYTES), 0);
    return buffer.toString('utf8', 0, bytesRead).trim();
  } catch (error) {
    const message = `${file}, which should hold the credentials for Git, cannot be read`;
    throw refused(`${message}: ${systemReason(error)}`, error);
  }
}

// A line break would start a new field of git's credential protocol.
function oneLine(text: string, what: string): string {
  // eslint-disable-next-line no-control-regex
  if (text !== '' && !/[\u0000-\u001f\u007f]/.test(text)) return text;
  throw refused(`${what} is empty or has more than one line`);
}

function refused(message: string, cause?: unknown): ControllerError {
  return new ControllerError('GIT_UNAUTHORIZED', message, {
    remedy: 'retry-later',
    hint: 'Name a readable file in passwordFile or tokenFile that holds the password or token and nothing else.',
    cause,
  });
}
