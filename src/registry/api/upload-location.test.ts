import fc from 'fast-check';
import { expect, it } from 'vitest';
import { uploadLocation, withDigest } from './upload-location.ts';

const BASE = 'https://reg.example:5000/v2/a/blobs/uploads/';

it.each([
  ['/v2/a/blobs/uploads/1?_state=x%3D%3D', '/v2/a/blobs/uploads/1?_state=x%3D%3D'],
  ['https://reg.example:5000/v2/a/blobs/uploads/1', '/v2/a/blobs/uploads/1'],
  ['http://reg.example:5000/v2/u/1', '/v2/u/1'],
  ['http://reg.example/v2/u/1', '/v2/u/1'],
  ['1?x=y', '/v2/a/blobs/uploads/1?x=y'],
  ['https://store.example/u/1?sig=a', 'https://store.example/u/1?sig=a'],
  ['https://reg.example:5001/u/1', 'https://reg.example:5001/u/1'],
  ['https://user:secret@store.example/u/1', 'https://store.example/u/1'],
  ['ftp://reg.example/u', undefined],
  ['', undefined],
  [undefined, undefined],
])('goes on from %j at %j', (location, expected) => {
  expect(uploadLocation(location, BASE)).toBe(expected);
});

it.each([
  ['/u/1', '/u/1?digest=sha256%3Aab'],
  ['/u/1?_state=x%3D%3D', '/u/1?_state=x%3D%3D&digest=sha256%3Aab'],
])('appends the digest to %j', (location, expected) => {
  expect(withDigest(location, 'sha256:ab')).toBe(expected);
});

it("keeps the registry's query byte by byte", () => {
  const word = fc
    .stringMatching(/^[A-Za-z0-9_.~%2B=-]{1,20}$/)
    .filter((text) => !text.includes('%'));
  fc.assert(
    fc.property(word, word, (key, value) => {
      const location = `/v2/u/1?${key}=${value}%3D`;
      expect(uploadLocation(location, BASE)).toBe(location);
    }),
  );
});
