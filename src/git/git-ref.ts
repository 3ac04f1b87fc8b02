import { ControllerError } from '../base/controller-error.ts';

/**
 * Whether a name can be a branch or tag: the rules of git-check-ref-format(1), and no leading `-`, which a
 * program would take for an option.
 */
export function isRefName(name: string): boolean {
  // eslint-disable-next-line no-control-regex
  if (name.length > 1000 || /[\u0000-\u0020\u007f~^:?*[\\]/.test(name)) return false;
  if (name.startsWith('-') || name.endsWith('.') || name === '@' || name === 'HEAD') return false;
  if (name.includes('..') || name.includes('@{')) return false;
  return name
    .split('/')
    .every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'));
}

/** The full ref of a branch. Throws `GIT_INVALID` for a name that no branch can have. */
export function branchRef(branch: string): string {
  if (isRefName(branch)) return `refs/heads/${branch}`;
  throw new ControllerError(
    'GIT_INVALID',
    `${JSON.stringify(branch)} is not the name of a branch`,
    {
      remedy: 'wait-for-change',
      hint: 'Branch names have no spaces, no "..", none of ~^:?*[\\ and no leading -.',
    },
  );
}

/** Whether a text is a full SHA-1 object id, lower-case hex. */
export function isObjectId(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}
