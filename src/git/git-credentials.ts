import { open } from 'node:fs/promises';
import { ControllerError } from '../base/controller-error.ts';
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

async function readText(file: string): Promise<string> {
  try {
    await using handle = await open(file);
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(MAX_SECRET_BYTES), 0);
    return buffer.toString('utf8', 0, bytesRead).trim();
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw refused(
      `${file}, which should hold the credentials for Git, cannot be read (${reason})`,
      error,
    );
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
