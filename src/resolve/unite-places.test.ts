import { describe, expect, it } from 'vitest';
import type { WantedImage } from '../lock/wanted-image.ts';
import type { Digest } from '../oci/digest.ts';
import { unitePlaces } from './unite-places.ts';

const A = `sha256:${'aa'.repeat(32)}` as Digest;
const B = `sha256:${'bb'.repeat(32)}` as Digest;
const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64' };

function wanted(source: string, line: number, over: Partial<WantedImage> = {}): WantedImage {
  return {
    place: { host: 'reg.io', repository: 'team/app', tag: '1' },
    digest: A,
    source,
    kind: 'additional',
    entries: [
      { position: { path: 'a.yaml', line, column: 7 }, field: `mirror.additionalImages[${line}]` },
    ],
    ...over,
  };
}

describe('unitePlaces', () => {
  it('makes one image of an entry that is listed twice', () => {
    const { wanted: images, failures } = unitePlaces({
      wanted: [wanted('q/a:1', 9), wanted('q/a:1', 4)],
      failures: [],
    });
    expect(failures).toEqual([]);
    expect(images.map(({ entries }) => entries.map(({ position }) => position.line))).toEqual([
      [4, 9],
    ]);
  });

  it('is for operators first where an additional image is the same', () => {
    const images = [wanted('q/a:1', 9), wanted('q/a:1', 4, { kind: 'related-image' })];
    for (const order of [images, images.toReversed()]) {
      const { wanted: united } = unitePlaces({ wanted: order, failures: [] });
      expect(united.map(({ kind }) => kind)).toEqual(['related-image']);
    }
  });

  it('keeps both sources of one image', () => {
    const { wanted: images } = unitePlaces({
      wanted: [wanted('z/a:1', 1), wanted('b/a:1', 2)],
      failures: [],
    });
    expect(images.map(({ source }) => source)).toEqual(['b/a:1', 'z/a:1']);
  });

  it.each([
    { name: 'the platforms of both', first: [ARM64], second: [AMD64], both: [AMD64, ARM64] },
    {
      name: 'every instance when one wants every instance',
      first: [ARM64],
      second: undefined,
      both: undefined,
    },
  ])('wants $name', ({ first, second, both }) => {
    const images = [first, second].map((platforms, index) =>
      wanted('q/a:1', index, platforms === undefined ? {} : { platforms }),
    );
    expect(unitePlaces({ wanted: images, failures: [] }).wanted[0]?.platforms).toEqual(both);
  });

  it('fails all entries that want different images at one place, and names them', () => {
    const { wanted: images, failures } = unitePlaces({
      wanted: [wanted('q/a:1', 4), wanted('z/a:1', 9, { digest: B })],
      failures: [],
    });
    expect(images).toEqual([]);
    expect(failures).toHaveLength(1);
    expect(failures[0]?.error.code).toBe('DESTINATION_CONFLICT');
    expect(failures[0]?.error.message).toMatch(/q\/a:1 \(a\.yaml:4:7.*z\/a:1 \(a\.yaml:9:7/);
  });
});
