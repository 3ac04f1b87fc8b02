import { expect, it } from 'vitest';
import { gitError, isDamagedCopy } from './git-failure.ts';

const call = {
  action: 'fetch main',
  display: 'https://git.example.com/x.git',
  secrets: ['s3cret'],
};

it.each([
  ['GIT_UNAUTHORIZED', "fatal: Authentication failed for 'https://git.example.com/x.git/'"],
  ['GIT_UNAUTHORIZED', "fatal: could not read Username for 'https://x': terminal prompts disabled"],
  ['GIT_UNAUTHORIZED', 'error: The requested URL returned error: 403'],
  [
    'GIT_UNAUTHORIZED',
    'git@x: Permission denied (publickey).\nfatal: Could not read from remote repository.',
  ],
  ['GIT_UNAUTHORIZED', 'Load key "/key": invalid format\ngit@x: Permission denied (publickey).'],
  [
    'GIT_UNTRUSTED',
    '@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.',
  ],
  ['GIT_UNTRUSTED', 'No ED25519 host key is known for x and you have requested strict checking.'],
  [
    'GIT_UNTRUSTED',
    'fatal: unable to access: SSL certificate problem: unable to get local issuer certificate',
  ],
  ['GIT_UNTRUSTED', 'server certificate verification failed. CAfile: none CRLfile: none'],
  ['GIT_NOT_FOUND', "fatal: couldn't find remote ref refs/heads/main"],
  ['GIT_NOT_FOUND', "fatal: repository 'https://git.example.com/x.git/' not found"],
  ['GIT_NOT_FOUND', 'ERROR: Repository not found.\nfatal: Could not read from remote repository.'],
  ['GIT_NOT_FOUND', "fatal: '/x' does not appear to be a git repository"],
  ['GIT_UNREACHABLE', 'fatal: unable to access: Could not resolve host: git.example.com'],
  ['GIT_UNREACHABLE', 'ssh: connect to host x port 22: Connection refused'],
  ['GIT_UNREACHABLE', 'error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502'],
  ['GIT_UNREACHABLE', 'fatal: early EOF'],
  ['GIT_INVALID', 'error: cannot run ssh: No such file or directory\nfatal: unable to fork'],
  ['GIT_INVALID', "fatal: transport 'ext' not allowed"],
])('gives %s for: %s', (code, output) => {
  const error = gitError({ ...call, output: `${output}\nwith s3cret` });
  expect(error.code).toBe(code);
  expect(error.hint).toBeTruthy();
  expect(error.message).toContain('cannot fetch main at https://git.example.com/x.git');
  expect(error.message).not.toContain('s3cret');
});

it.each([
  ['error: object file ./objects/ab/cd is empty', true],
  ['fatal: bad object refs/imageset/12', true],
  ['fatal: bad config line 1 in file config', true],
  ["fatal: couldn't find remote ref refs/heads/main", false],
  ["fatal: '/x' does not appear to be a git repository", false],
])('tells whether the copy is damaged: %s', (output, expected) => {
  expect(isDamagedCopy(output)).toBe(expected);
});

it.each([
  ['the server does not allow it', 'error: The requested URL returned error: 403'],
  ['the server does not accept the credentials', 'error: The requested URL returned error: 401'],
  ['the proxy does not accept the credentials', 'Received HTTP code 407 from proxy after CONNECT'],
])('says that %s', (what, output) => {
  expect(gitError({ ...call, output }).message).toContain(`: ${what}\n`);
});
