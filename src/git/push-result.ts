import { ControllerError } from '../base/controller-error.ts';
import { sanitizeOutput } from './sanitize.ts';

/** The line of `git push --porcelain` about a ref that was not updated. Source: git-push(1), "Output". */
export interface PushResult {
  /** Who refused: our git (the remote is elsewhere than expected), or the server. */
  readonly by: 'client' | 'server';
  readonly reason: string;
}

/** Finds the line about the one ref of a push that failed; undefined where the push did not come so far. */
export function findPushResult(stdout: string): PushResult | undefined {
  for (const line of stdout.split('\n')) {
    const match = /^!\t[^\t]*\t\[([^\]]*)\](.*)$/.exec(line);
    if (match === null) continue;
    const [, summary = '', rest = ''] = match;
    return { by: summary === 'rejected' ? 'client' : 'server', reason: `${summary}${rest}` };
  }
  return undefined;
}

/** Whether somebody else was faster, or the server has a reason that another try does not change. */
export function pushOutcome({ by, reason }: PushResult): 'rejected' | 'refused' {
  if (by === 'client') return 'rejected';
  const isRace =
    /cannot lock ref|failed to update ref|but expected|reference already exists|incorrect old value|non-fast-forward|fetch first/i;
  return isRace.test(reason) ? 'rejected' : 'refused';
}

/** The error of a push that the server refused for a reason of its own, with its words. */
export function refusedPush(push: {
  readonly branch: string;
  readonly display: string;
  readonly reason: string;
  readonly output: string;
  readonly secrets: readonly string[];
}): ControllerError {
  const words = push.output
    .split(/[\r\n]+/)
    .filter((line) => line.startsWith('remote:'))
    .map((line) => line.slice('remote:'.length).trim())
    .filter(
      (line) =>
        line !== '' && !/^(?:Resolving deltas|Processing changes|Counting objects)/.test(line),
    );
  const said = sanitizeOutput([push.reason, ...words].join('\n'), push.secrets);
  const message = `${push.display} refuses the push to ${push.branch}: ${said}`;
  return new ControllerError('GIT_REJECTED', message, {
    remedy: 'retry-later',
    hint: /protected|GH00\d|not allowed to push/i.test(said)
      ? `Allow the controller's user to push to ${push.branch}, or take the protection off that branch.`
      : `A hook or rule of the server refuses the commit. Make an exception for the controller's user and the branch ${push.branch}.`,
  });
}
