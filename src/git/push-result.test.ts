import { expect, it } from 'vitest';
import { findPushResult, pushOutcome, refusedPush } from './push-result.ts';

const HEAD = 'To https://git.example.com/x.git\n';

it.each([
  ['!\ta:refs/heads/m\t[rejected] (stale info)', 'rejected'],
  ['!\ta:refs/heads/m\t[rejected] (fetch first)', 'rejected'],
  ['!\ta:refs/heads/m\t[remote rejected] (cannot lock ref: is at 1 but expected 2)', 'rejected'],
  ['!\ta:refs/heads/m\t[remote rejected] (failed to update ref)', 'rejected'],
  ['!\ta:refs/heads/m\t[remote rejected] (pre-receive hook declined)', 'refused'],
  ['!\ta:refs/heads/m\t[remote rejected] (protected branch hook declined)', 'refused'],
])('reads %j as %s', (line, outcome) => {
  const result = findPushResult(`${HEAD}${line}\nDone\n`);
  expect(result && pushOutcome(result)).toBe(outcome);
});

it('finds nothing where the push did not come so far', () => {
  expect(findPushResult(HEAD)).toBeUndefined();
});

it("tells the server's words and what to do", () => {
  const error = refusedPush({
    branch: 'manifests',
    display: 'https://git.example.com/x.git',
    reason: 'remote rejected (hook declined)',
    output:
      'remote: Resolving deltas: 100%\nremote: GitLab: You are not allowed to push s3cret\nTo x',
    secrets: ['s3cret'],
  });
  expect(error.code).toBe('GIT_REJECTED');
  expect(error.message).toContain('GitLab: You are not allowed to push ***');
  expect(error.message).not.toContain('Resolving');
  expect(error.hint).toContain('manifests');
});
