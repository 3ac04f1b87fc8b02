import { describe, expect, it } from 'vitest';
import { routeLabel } from './route-label.ts';

const NAMESPACE = 'openshift-update-service';

describe('routeLabel', () => {
  it.each([
    { name: 'update-service-oc-mirror', length: 55 },
    // The longest name in that namespace.
    { name: 'u'.repeat(32), length: 63 },
    { name: 'u', length: 32 },
  ])('is made of $name with $length characters', ({ name, length }) => {
    const label = routeLabel({ name, namespace: NAMESPACE });
    expect(label).toBe(`${name}-route-${NAMESPACE}`);
    expect(label).toHaveLength(length);
  });

  it.each([
    { what: 'too long', name: 'u'.repeat(33), namespace: NAMESPACE },
    { what: 'with an upper-case letter', name: 'Update', namespace: NAMESPACE },
    { what: 'with a digit first', name: '1st', namespace: NAMESPACE },
    { what: 'with a dot', name: 'update.service', namespace: NAMESPACE },
    { what: 'without a namespace', name: 'update', namespace: '' },
  ])('is refused $what', ({ name, namespace }) => {
    expect(() => routeLabel({ name, namespace })).toThrow(
      expect.objectContaining({ code: 'SETTINGS_INVALID' }) as Error,
    );
  });
});
