import { ControllerError } from '../base/controller-error.ts';

/**
 * The parts of a path inside a repository; `.` and the empty path are the root. Throws `GIT_INVALID` for a
 * path that leaves the repository or that Git itself refuses.
 */
export function pathSegments(path: string): string[] {
  const trimmed = path.replace(/^\.\//, '').replace(/\/+$/, '');
  if (trimmed === '' || trimmed === '.') return [];
  const segments = trimmed.split('/');
  if (segments.every(isSegment)) return segments;
  throw new ControllerError(
    'GIT_INVALID',
    `${JSON.stringify(path)} is not a path inside a repository`,
    {
      remedy: 'wait-for-change',
      hint: 'Give a path relative to the root of the repository, with / and without .. in it.',
    },
  );
}

function isSegment(segment: string): boolean {
  if (segment === '' || segment === '.' || segment === '..') return false;
  // eslint-disable-next-line no-control-regex
  return segment.toLowerCase() !== '.git' && !/[\u0000-\u001f\u007f\\]/.test(segment);
}
