import { describe, expect, it } from 'vitest';
import { ControllerError } from '../base/controller-error.ts';
import { reportError } from './report-error.ts';

describe('reportError', () => {
  const cause = new Error('connect ECONNREFUSED', { cause: 'port closed' });
  const error = new ControllerError('REGISTRY_UNREACHABLE', 'quay.io cannot be reached', {
    remedy: 'retry-later',
    hint: 'Look at the proxy.',
    cause,
  });

  it('says what happened and what to do', () => {
    expect(reportError(error, { withCauses: false })).toBe(
      'error: quay.io cannot be reached\nhint: Look at the proxy.\n',
    );
  });

  it('shows the chain of causes when asked', () => {
    expect(reportError(error, { withCauses: true })).toBe(
      'error: quay.io cannot be reached\nhint: Look at the proxy.\ncause: connect ECONNREFUSED\ncause: port closed\n',
    );
  });

  it('ends a chain that leads back to itself', () => {
    const circle = new Error('around');
    circle.cause = circle;
    const shown = reportError(
      new ControllerError('INTERNAL', 'broken', { remedy: 'retry-later', cause: circle }),
      { withCauses: true },
    );

    expect(shown.match(/cause: around/g)).toHaveLength(10);
  });

  it('calls anything else a defect of ours, with its stack', () => {
    const shown = reportError(new TypeError('x is not a function'), { withCauses: false });

    expect(shown).toMatch(/^defect: TypeError: x is not a function\n +at .*report/s);
    expect(reportError('thrown text', { withCauses: false })).toContain('defect: thrown text');
  });
});
