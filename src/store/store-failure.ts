import { ControllerError } from '../base/controller-error.ts';
import { systemReason } from '../base/system-reason.ts';

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: make room, or put the folder on a larger disk.',
  EDQUOT: 'The disk quota is used up: make room, or ask for more.',
  EACCES: 'Give the user that runs this command access to the folder.',
  EPERM: 'Give the user that runs this command access to the folder.',
  EROFS: 'The file system is read-only: mount it for writing, or choose another folder.',
  EEXIST: 'Name a folder; it is made where it is missing.',
  ENOTDIR: 'Name a folder; it is made where it is missing.',
  EMFILE: 'Too many files are open: raise the limit (ulimit -n).',
};

/** What a failed file operation means: our own errors pass, the file system's become STORE_UNAVAILABLE. */
export function storeFailure(error: unknown, doing: string): unknown {
  const code = errorCode(error);
  if (code === undefined) return error;
  return new ControllerError('STORE_UNAVAILABLE', `${doing} failed: ${systemReason(error)}`, {
    remedy: 'retry-later',
    hint: HINTS[code] ?? 'Look at the folder, its file system and the disk.',
    cause: error,
  });
}

/** The store's content contradicts itself or its layout. */
export function storeInvalid(message: string, hint: string): ControllerError {
  return new ControllerError('STORE_INVALID', message, { remedy: 'wait-for-change', hint });
}

/** Whether a file operation failed because there is no such file. */
export function isMissing(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** The code of a system error, e.g. `ENOSPC`. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
