import { describe, expect, it } from 'vitest';
import { type Digest, digestOf } from './digest.ts';
import { blobsOf, manifestBytes, parseManifest } from './manifest.ts';
import { MEDIA_TYPES } from './media-types.ts';

const A = `sha256:${'aa'.repeat(32)}` as Digest;
const B = `sha256:${'bb'.repeat(32)}` as Digest;
const FOREIGN = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';

function bytesOf(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function layer(digest: Digest, over: object = {}): object {
  return { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: 3, ...over };
}

describe('manifestBytes', () => {
  // spec, transfer-engine, 2.4.4 and 5.7.2
  it.each([
    {
      name: 'the header, without parameters',
      type: `${MEDIA_TYPES.dockerList}; charset=utf-8`,
      value: {},
      expected: MEDIA_TYPES.dockerList,
    },
    {
      name: 'mediaType where the header says nothing',
      type: 'text/plain',
      value: { mediaType: MEDIA_TYPES.ociIndex },
      expected: MEDIA_TYPES.ociIndex,
    },
    {
      name: 'the array manifests',
      type: undefined,
      value: { manifests: [] },
      expected: MEDIA_TYPES.ociIndex,
    },
    {
      name: 'config and layers',
      type: 'application/json',
      value: { config: {}, layers: [] },
      expected: MEDIA_TYPES.ociManifest,
    },
    {
      name: 'schema version 1',
      type: '',
      value: { schemaVersion: 1 },
      expected: MEDIA_TYPES.dockerSchema1,
    },
  ])('takes the type from $name', ({ type, value, expected }) => {
    const bytes = bytesOf(value);
    expect(manifestBytes(bytes, type, 'q/a:1')).toEqual({
      bytes,
      mediaType: expected,
      digest: digestOf(bytes),
    });
  });

  it('refuses what is no JSON where the type is not told', () => {
    expect(() => manifestBytes(Buffer.from('<html>'), 'text/html', 'q/a:1')).toThrow(
      expect.objectContaining({ code: 'MANIFEST_INVALID' }) as Error,
    );
  });
});

describe('parseManifest', () => {
  it.each([
    { name: 'Docker schema 1', value: { schemaVersion: 1 }, code: 'MANIFEST_UNSUPPORTED' },
    {
      name: 'a layer without digest',
      value: { config: layer(A), layers: [{ size: 1 }] },
      code: 'MANIFEST_INVALID',
    },
    {
      name: 'a negative size',
      value: { config: layer(A, { size: -1 }), layers: [] },
      code: 'MANIFEST_INVALID',
    },
    { name: 'a list', value: [], code: 'MANIFEST_INVALID' },
  ])('refuses $name', ({ value, code }) => {
    const manifest = manifestBytes(bytesOf(value), undefined, 'q/a:1');
    expect(() => parseManifest(manifest, 'q/a:1')).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });

  it('reads an artifact with a subject', () => {
    const value = { artifactType: 'x/y', config: layer(A), layers: null, subject: layer(B) };
    const manifest = parseManifest(manifestBytes(bytesOf(value), undefined, 'q/a:1'), 'q/a:1');
    expect(manifest).toMatchObject({
      kind: 'image',
      layers: [],
      artifactType: 'x/y',
      subject: { digest: B },
    });
  });
});

describe('blobsOf', () => {
  it('lists config and layers once each, and leaves out foreign layers that have URLs', () => {
    const value = {
      config: layer(A),
      layers: [
        layer(B),
        layer(B),
        layer(digestOf(Buffer.from('f')), { mediaType: FOREIGN, urls: ['https://f'] }),
      ],
    };
    const manifest = parseManifest(manifestBytes(bytesOf(value), undefined, 'q/a:1'), 'q/a:1');
    expect(blobsOf(manifest).map(({ digest }) => digest)).toEqual([B, A]);
  });

  it('keeps a foreign layer without URLs: it has to come from somewhere', () => {
    const value = { config: layer(A), layers: [layer(B, { mediaType: FOREIGN })] };
    const manifest = parseManifest(manifestBytes(bytesOf(value), undefined, 'q/a:1'), 'q/a:1');
    expect(blobsOf(manifest)).toHaveLength(2);
  });
});
