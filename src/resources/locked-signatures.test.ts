import { describe, expect, it } from 'vitest';
import type { LockedImage, LockedRelease } from '../lock/lock.ts';
import { digestOf } from '../oci/digest.ts';
import { lockedSignatures } from './locked-signatures.ts';

const payload = digestOf(Buffer.from('payload'));
const bytes = Buffer.from('signature');
const signature = digestOf(bytes);
const release: LockedRelease = { release: '4.18.9-x86_64', payload, channels: [], signature };
const image: LockedImage = {
  destination: 'openshift/release-images:4.18.9-x86_64',
  digest: payload,
  source: 'quay.io/openshift-release-dev/ocp-release:4.18.9-x86_64',
  kind: 'release',
  bytes: 1,
  wantedBy: [],
};

describe('lockedSignatures', () => {
  it('gives the bytes that are known', () => {
    const lock = { images: [image], releases: [release] };
    expect(lockedSignatures(lock, new Map([[signature, bytes]]))).toEqual({
      found: [{ release: '4.18.9-x86_64', payload, bytes }],
      missing: [],
    });
  });

  it('tells whose are not', () => {
    const lock = { images: [image], releases: [release] };
    const other = new Map([[digestOf(Buffer.from('other')), bytes]]);
    expect(lockedSignatures(lock, other)).toEqual({ found: [], missing: [release] });
  });

  const { signature: _, ...unsigned } = release;
  it.each([
    { what: 'taken unsigned', images: [image], one: unsigned },
    { what: 'not there', images: [], one: release },
    {
      what: 'there as something else',
      images: [{ ...image, kind: 'additional' as const }],
      one: release,
    },
  ])('asks for none of a release whose payload is $what', ({ images, one }) => {
    const lock = { images, releases: [one] };
    expect(lockedSignatures(lock, new Map())).toEqual({ found: [], missing: [] });
  });
});
