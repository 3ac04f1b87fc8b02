import { expect, it } from 'vitest';
import { digestOf } from '../../oci/digest.ts';
import { catalogInputs } from './catalog-inputs.ts';

type Inputs = Parameters<typeof catalogInputs>[0];

const sourceDigest = digestOf(Buffer.from('source'));
const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64' };
const BASE: Inputs = {
  sourceDigest,
  selection: {
    full: false,
    packages: [
      { name: 'a', channels: [{ name: 'x', minVersion: '1.0.0' }, { name: 'y' }] },
      { name: 'b', bundles: [{ name: 'b.v1' }, { name: 'b.v2' }] },
    ],
  },
  without: ['p', 'q'],
  platforms: [AMD64, ARM64],
};

it('gives the digest that is in locks', () => {
  expect(catalogInputs(BASE)).toBe(
    'sha256:42f753005768d0a76c966fff60cda5cd4d3d1be369d17bd969c6f468c337a7f5',
  );
});

it('does not count the order in which an image set lists things', () => {
  const other: Inputs = {
    sourceDigest,
    selection: {
      packages: [
        { bundles: [{ name: 'b.v2' }, { name: 'b.v1' }], name: 'b', channels: [] },
        { name: 'a', channels: [{ name: 'y' }, { minVersion: '1.0.0', name: 'x' }] },
      ],
      full: false,
    },
    without: ['q', 'p', 'q'],
    platforms: [ARM64, AMD64, ARM64],
  };
  expect(catalogInputs(other)).toBe(catalogInputs(BASE));
});

const CHANGES: readonly { readonly what: string; readonly change: Partial<Inputs> }[] = [
  { what: 'another source', change: { sourceDigest: digestOf(Buffer.from('other')) } },
  { what: 'full', change: { selection: { ...BASE.selection, full: true } } },
  { what: 'all packages', change: { selection: { full: false } } },
  { what: 'no packages', change: { selection: { full: false, packages: [] } } },
  {
    what: 'a version',
    change: { selection: { full: false, packages: [{ name: 'a', minVersion: '1' }] } },
  },
  {
    what: 'its other end',
    change: { selection: { full: false, packages: [{ name: 'a', maxVersion: '1' }] } },
  },
  {
    what: 'a default channel',
    change: { selection: { full: false, packages: [{ name: 'a', defaultChannel: '1' }] } },
  },
  {
    what: 'a channel',
    change: { selection: { full: false, packages: [{ name: 'a', channels: [{ name: '1' }] }] } },
  },
  {
    what: 'a bundle',
    change: { selection: { full: false, packages: [{ name: 'a', bundles: [{ name: '1' }] }] } },
  },
  { what: 'a bundle less', change: { without: ['p'] } },
  { what: 'a platform less', change: { platforms: [AMD64] } },
];

it('counts everything that changes the image', () => {
  const digests = [BASE, ...CHANGES.map(({ change }) => ({ ...BASE, ...change }))].map(
    catalogInputs,
  );
  expect(new Set(digests).size).toBe(CHANGES.length + 1);
});
