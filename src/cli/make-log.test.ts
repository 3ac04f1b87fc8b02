import { describe, expect, it } from 'vitest';
import { ControllerError } from '../base/controller-error.ts';
import { type LogOptions, makeLog } from './make-log.ts';

function recordingLog(over: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = makeLog({
    level: 'info',
    format: 'json',
    isTerminal: false,
    write: (text) => lines.push(text),
    ...over,
  });
  return { log, lines, text: () => lines.join('') };
}

describe('makeLog', () => {
  it('writes one object a line', () => {
    const { log, lines } = recordingLog();

    log.info({ repository: 'team/app' }, 'blob copied');

    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 30,
      repository: 'team/app',
      msg: 'blob copied',
    });
  });

  it.each([
    { name: 'a header', fields: { headers: { Authorization: 'Bearer s3cret' } } },
    { name: 'a password', fields: { dbPassword: 's3cret' } },
    { name: 'a token in a list', fields: { hosts: [{ host: 'a', identitytoken: 's3cret' }] } },
    { name: 'a cookie', fields: { 'set-cookie': 's3cret' } },
    { name: 'what a library hangs on its errors', fields: { err: libraryError() } },
  ])('redacts $name', ({ fields }) => {
    const { log, text } = recordingLog();

    log.error(fields, 'failed');
    log.child({ pass: { token: 's3cret' } }).error(fields, 'failed again');

    expect(text()).not.toContain('s3cret');
    expect(text()).toContain('failed again');
  });

  it('keeps paths of secrets and names of credentials', () => {
    const { log, text } = recordingLog();

    log.info({ tokenFile: '/run/token', credential: '/run/auth.json' }, 'read');

    expect(text()).toContain('/run/token');
    expect(text()).toContain('/run/auth.json');
  });

  it('shows errors of ours with code and hint, causes included', () => {
    const { log, text } = recordingLog();
    const cause = new Error('refused');

    log.warn(
      {
        err: new ControllerError('GIT_UNREACHABLE', 'no', {
          remedy: 'retry-later',
          hint: 'do',
          cause,
        }),
      },
      'look-up failed',
    );

    expect(JSON.parse(text())).toMatchObject({
      err: { code: 'GIT_UNREACHABLE', message: 'no', hint: 'do', cause: { message: 'refused' } },
    });
  });

  it('leaves out what is below its level', () => {
    const { log, lines } = recordingLog({ level: 'warn' });

    log.info({}, 'quiet');
    log.debug({}, 'quiet');

    expect(lines).toEqual([]);
  });

  it('writes lines for people without colours where there is no terminal', () => {
    const { log, text } = recordingLog({ format: 'text' });

    log.info({ commit: 'abc' }, 'image set applied');

    expect(text()).toMatch(
      /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] INFO: image set applied .*commit.*abc/,
    );
    expect(text()).not.toContain('\u001B');
  });
});

function libraryError(): Error {
  return Object.assign(new Error('status 500'), { request: { authorization: 's3cret' } });
}
