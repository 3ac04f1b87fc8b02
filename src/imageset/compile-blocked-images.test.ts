import { describe, expect, it } from 'vitest';
import { compileBlockedImages } from './compile-blocked-images.ts';
import { loadImageSets } from './load-image-sets.ts';

function blocking(...patterns: string[]): ReturnType<typeof compileBlockedImages> {
  const blockedImages = patterns.map((name) => ({ name }));
  const text = JSON.stringify({
    apiVersion: 'mirror.openshift.io/v2alpha1',
    kind: 'ImageSetConfiguration',
    mirror: { blockedImages },
  });
  const { documents } = loadImageSets([{ path: 'a.json', text, named: true }]);
  if (documents[0] === undefined) throw new Error('the test document is wrong');
  return compileBlockedImages(documents[0]);
}

describe('compileBlockedImages', () => {
  it.each([
    { pattern: 'alpine', reference: 'quay.io/team/alpine-tools:1', blocks: true },
    { pattern: 'alpine', reference: 'quay.io/team/Alpine:1', blocks: false },
    { pattern: '(?i)ALPINE', reference: 'quay.io/team/alpine:1', blocks: true },
    { pattern: '^quay', reference: 'docker://quay.io/a:1', blocks: true },
    { pattern: 'docker', reference: 'docker://quay.io/a:1', blocks: false },
    { pattern: '^/srv', reference: 'oci:///srv/layout', blocks: true },
    { pattern: ':1$', reference: 'quay.io/a:1', blocks: true },
    { pattern: ':1$', reference: 'quay.io/a:10', blocks: false },
  ])('$pattern and $reference: $blocks', ({ pattern, reference, blocks }) => {
    expect(blocking(pattern)(reference) !== undefined).toBe(blocks);
  });

  it('names the pattern and its place', () => {
    expect(blocking('x', 'quay')('quay.io/a:1')).toEqual({
      pattern: 'quay',
      position: { path: 'a.json', line: 1, column: expect.any(Number) as number },
    });
  });

  it('takes linear time for what would hang a backtracking engine', () => {
    expect(blocking('(a+)+$')(`${'a'.repeat(50_000)}!`)).toBeUndefined();
  });
});
