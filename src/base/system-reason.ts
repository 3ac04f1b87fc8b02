const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRINUSE: 'something else listens there',
  EADDRNOTAVAIL: 'this machine has no such address',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'something else has that name',
  EISDIR: 'it is a folder',
  EMFILE: 'too many files are open',
  ENOENT: 'no such file or folder',
  ENOSPC: 'no space left on the disk',
  ENOTDIR: 'a part of the path is no folder',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
};

/** Why the operating system refused, in words: `permission denied`, or its code where there are none. */
export function systemReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return WORDS[code] ?? (code === '' ? 'unknown reason' : code);
}
