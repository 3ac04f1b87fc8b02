import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ControllerError } from '../base/controller-error.ts';
import { formatReference, manifestReferenceOf, parseReference } from './reference.ts';

const D = `sha256:${'ab'.repeat(32)}`;

describe('parseReference', () => {
  // spec, config-and-outputs, 2.2, with the quirks of design.md section 8.
  it.each([
    {
      text: 'registry.redhat.io/ubi8/ubi:latest',
      registry: 'registry.redhat.io',
      repository: 'ubi8/ubi',
      path: 'ubi8/ubi',
      tag: 'latest',
    },
    {
      text: 'docker://registry.redhat.io/ubi8/ubi:latest',
      registry: 'registry.redhat.io',
      repository: 'ubi8/ubi',
      path: 'ubi8/ubi',
      tag: 'latest',
    },
    {
      text: `registry.redhat.io/ubi8/ubi@${D}`,
      registry: 'registry.redhat.io',
      repository: 'ubi8/ubi',
      path: 'ubi8/ubi',
      digest: D,
    },
    {
      text: `registry.redhat.io/ubi8/ubi:latest@${D}`,
      registry: 'registry.redhat.io',
      repository: 'ubi8/ubi',
      path: 'ubi8/ubi',
      tag: 'latest',
      digest: D,
    },
    {
      text: 'localhost:5000/ubi8/ubi:v1',
      registry: 'localhost:5000',
      repository: 'ubi8/ubi',
      path: 'ubi8/ubi',
      tag: 'v1',
    },
    {
      text: `localhost:5000/ubi8/ubi@${D}`,
      registry: 'localhost:5000',
      repository: 'ubi8/ubi',
      path: 'ubi8/ubi',
      digest: D,
    },
    {
      text: 'localhost:5000/ubi8/ubi',
      registry: 'localhost:5000',
      repository: 'ubi8/ubi',
      path: 'ubi8/ubi',
      tag: 'latest',
    },
    {
      text: 'abcde:latest',
      registry: 'docker.io',
      repository: 'library/abcde',
      path: 'abcde',
      tag: 'latest',
    },
    {
      text: 'ubi8/ubi:latest',
      registry: 'docker.io',
      repository: 'ubi8/ubi',
      path: 'ubi',
      tag: 'latest',
    },
    {
      text: 'whatever',
      registry: 'docker.io',
      repository: 'library/whatever',
      path: 'whatever',
      tag: 'latest',
    },
    {
      text: 'docker.io/tiny:1',
      registry: 'docker.io',
      repository: 'library/tiny',
      path: 'tiny',
      tag: '1',
    },
    {
      text: 'docker.io/library/tiny:1',
      registry: 'docker.io',
      repository: 'library/tiny',
      path: 'library/tiny',
      tag: '1',
    },
    {
      text: 'index.docker.io/team/app:1',
      registry: 'docker.io',
      repository: 'team/app',
      path: 'team/app',
      tag: '1',
    },
  ])('reads $text', ({ text, ...expected }) => {
    expect(parseReference(text)).toEqual({ kind: 'registry', ...expected });
  });

  it.each([
    { text: 'oci:///srv/cat/idx', directory: '/srv/cat/idx' },
    { text: 'oci://cat/idx', directory: 'cat/idx' },
    { text: 'oci:///srv/idx:tag', directory: '/srv/idx:tag' },
    { text: `oci:///srv/idx@${D}`, directory: '/srv/idx', digest: D },
  ])('reads the layout $text', ({ text, ...expected }) => {
    expect(parseReference(text)).toEqual({ kind: 'layout', ...expected });
  });

  it.each([
    '',
    '@',
    `@${D}`,
    'quay.io/a/b:',
    'quay.io/a/b@sha256:abc',
    `quay.io/a/b@${D}@${D}`,
    `quay.io/a/b@${D.toUpperCase()}`,
    'oci:/srv/idx',
    'http://quay.io/a:1',
    'a://b://c',
    'docker://',
    'oci://',
    'quay.io/A/b:1',
    'quay.io/a//b:1',
    'quay.io/a/:1',
    'quay.io/a/b:-x',
    'quay.io/a/../b:1',
    'qu ay.io/a:1',
    'quay.io/a b:1',
    `quay.io/a:${'x'.repeat(129)}`,
  ])('refuses %j', (text) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({ code: 'REFERENCE_INVALID' }) as Error,
    );
  });

  it('reads back every full reference it writes', () => {
    const segment = fc.stringMatching(/^[a-z0-9]{1,8}(?:[._-][a-z0-9]{1,4})?$/);
    const full = fc.record({
      host: fc.constantFrom('quay.io', 'localhost', 'localhost:5000', 'reg.example.com:443'),
      segments: fc.array(segment, { minLength: 1, maxLength: 4 }),
      tag: fc.option(fc.stringMatching(/^\w[\w.-]{0,20}$/), { nil: undefined }),
      digest: fc.boolean(),
    });
    fc.assert(
      fc.property(full, ({ host, segments, tag, digest }) => {
        const name = `${host}/${segments.join('/')}${tag === undefined ? '' : `:${tag}`}${digest ? `@${D}` : ''}`;
        const once = parseReference(name);
        expect(parseReference(formatReference(once))).toEqual(once);
      }),
    );
  });

  it('either reads a text or refuses it with REFERENCE_INVALID', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: fc.constantFrom('a', ':', '/', '@', '.', '-', '5', 'A') }),
        ),
        (text) => {
          try {
            parseReference(text);
          } catch (error) {
            expect(error).toBeInstanceOf(ControllerError);
          }
        },
      ),
    );
  });
});

describe('manifestReferenceOf', () => {
  it('asks by digest where there is one, although there is a tag', () => {
    const reference = parseReference(`quay.io/a/b:1@${D}`);
    expect(reference.kind === 'registry' && manifestReferenceOf(reference)).toEqual({
      kind: 'digest',
      digest: D,
    });
  });
});
