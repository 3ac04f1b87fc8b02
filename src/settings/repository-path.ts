/**
 * The parts of a path inside a repository, none for its root (`.`); undefined for a path that leaves the
 * repository or that Git refuses.
 */
export function repositoryPathParts(path: string): string[] | undefined {
  const trimmed = path.replace(/^(?:\.\/)+/, '').replace(/\/$/, '');
  if (trimmed === '.' || (trimmed === '' && path !== '' && !path.startsWith('/'))) return [];
  const parts = trimmed.split('/');
  return parts.every(isPart) ? parts : undefined;
}

/** Whether one folder is the other, or lies below it. */
export function isNested(left: readonly string[], right: readonly string[]): boolean {
  const length = Math.min(left.length, right.length);
  return left.slice(0, length).every((part, index) => part === right[index]);
}

function isPart(part: string): boolean {
  if (part === '' || part === '.' || part === '..') return false;
  // eslint-disable-next-line no-control-regex
  return part.toLowerCase() !== '.git' && !/[\u0000-\u001f\u007f\\]/.test(part);
}
