import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRepositoryPath } from '../../oci/reference.ts';
import { parseRoute } from './route.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const ID = '123e4567-e89b-12d3-a456-426614174000';

describe('parseRoute', () => {
  it.each([
    ['/v2', { kind: 'ping' }],
    ['/v2/', { kind: 'ping' }],
    ['/v2/_catalog', { kind: 'catalog' }],
    ['/v2/a/b/tags/list', { kind: 'tags', repository: 'a/b' }],
    [
      '/v2/a/manifests/v1',
      { kind: 'manifest', repository: 'a', reference: { kind: 'tag', tag: 'v1' } },
    ],
    [
      `/v2/a/manifests/${DIGEST}`,
      { kind: 'manifest', repository: 'a', reference: { kind: 'digest', digest: DIGEST } },
    ],
    [
      `/v2/a/manifests/${DIGEST.replace(':', '%3A')}`,
      { kind: 'manifest', repository: 'a', reference: { kind: 'digest', digest: DIGEST } },
    ],
    [`/v2/a/blobs/${DIGEST}`, { kind: 'blob', repository: 'a', digest: DIGEST }],
    ['/v2/a/b/blobs/uploads/', { kind: 'uploads', repository: 'a/b' }],
    ['/v2/a/b/blobs/uploads', { kind: 'uploads', repository: 'a/b' }],
    [`/v2/a/blobs/uploads/${ID}`, { kind: 'upload', repository: 'a', id: ID }],
    [`/v2/a/referrers/${DIGEST}`, { kind: 'referrers', repository: 'a', digest: DIGEST }],
    ['/v2/tags/list/tags/list', { kind: 'tags', repository: 'tags/list' }],
    [
      '/v2/manifests/blobs/manifests/blobs',
      { kind: 'manifest', repository: 'manifests/blobs', reference: { kind: 'tag', tag: 'blobs' } },
    ],
  ])('reads %s', (path, route) => {
    expect(parseRoute(path)).toEqual(route);
  });

  it.each([
    ['/', 404],
    ['/v1/', 404],
    ['v2/', 404],
    ['/v2/a', 404],
    ['/v2/a/b/c', 404],
    ['/v2/a/tags/other', 404],
    ['/v2/../a/tags/list', 400],
    ['/v2/%2e%2e/a/tags/list', 400],
    ['/v2/a%2fb/tags/list', 400],
    ['/v2/a/..%2f..%2fb/manifests/v1', 400],
    ['/v2/_layers/tags/list', 400],
    ['/v2/A/tags/list', 400],
    ['/v2//tags/list', 400],
    ['/v2/tags/list', 400],
    ['/v2/a%00/tags/list', 400],
    ['/v2/%/tags/list', 404],
    ['/v2/a/manifests/..', 400],
    ['/v2/a/manifests/%2e%2e', 400],
    ['/v2/a/manifests/sha256:short', 400],
    ['/v2/a/blobs/sha256:../../x', 404],
    [`/v2/a/blobs/sha256:${'A'.repeat(64)}`, 400],
    ['/v2/a/blobs/uploads/..', 404],
    ['/v2/a/blobs/uploads/not-an-id', 404],
    ['/v2/blobs/uploads/', 400],
    [`/v2/${'a'.repeat(256)}/tags/list`, 400],
  ])('refuses %s with %i', (path, status) => {
    expect(parseRoute(path)).toMatchObject({ kind: 'none', reply: { status } });
  });

  it('names only repositories that fit the grammar, whatever the path', () => {
    const piece = fc.constantFrom(
      '..',
      '.',
      '%2e',
      '%2f',
      '/',
      'a',
      '_',
      'v2',
      'blobs',
      'uploads',
      'tags',
      'list',
      'manifests',
      '%',
      '\0',
      DIGEST,
      ID,
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const route = parseRoute(`/v2/${pieces.join('/')}`);
        if ('repository' in route) expect(isRepositoryPath(route.repository)).toBe(true);
      }),
    );
  });
});
