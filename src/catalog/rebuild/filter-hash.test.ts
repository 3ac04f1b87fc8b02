import { expect, it } from 'vitest';
import type { Digest } from '../../oci/digest.ts';
import { type FilterHashInput, filterHash } from './filter-hash.ts';

const COMMUNITY =
  'sha256:f30638f60452062aba36a26ee6c036feead2f03b28f2c47f2b0a991e41baebea' as Digest;
const LADDER = 'sha256:e417543b52f20096884b98672341e38c532bae11122a5dcd8694c2a925633856' as Digest;

/** Vectors of the reference tool's unit tests (spec, operator-catalogs, 2.5), and folders that it made. */
const VECTORS: readonly { readonly hash: string; readonly input: FilterHashInput }[] = [
  {
    hash: 'ac8e314872a499f2c6edb0616489c628',
    input: { name: 'community-operators', digest: COMMUNITY },
  },
  {
    hash: '70eb0b2116707316c6130de415ceeb69',
    input: {
      name: 'certified-operators',
      digest: COMMUNITY,
      packages: [
        { name: 'couchbase-operator' },
        { name: 'mongodb-operator', minVersion: '1.4.0' },
        { name: 'crunchy-postgresql-operator', channels: [{ name: 'stable' }] },
      ],
      full: true,
    },
  },
  {
    hash: 'aa862549798694dafe6bb351c6275b8b',
    input: {
      name: 'registry.redhat.io/redhat/community-operator-index',
      digest: LADDER,
      packages: [{ name: 'ladder' }],
    },
  },
  {
    hash: '1afd1cbaf0aa5da316ee6494120bc4e8',
    input: {
      name: 'registry.redhat.io/redhat/community-operator-index',
      digest: LADDER,
      packages: [{ name: 'ladder' }],
      platforms: [
        { os: 'linux', architecture: 'amd64' },
        { os: 'linux', architecture: 'arm64' },
      ],
    },
  },
  {
    hash: 'ef90d6de58bacf5ea55ea4a7fc3e06e1',
    input: {
      name: '/mnt/sound',
      digest: 'sha256:614bc0ed76b439fcebfa635a3d38b16e7d254c9191be93a36d821e0751d50a28' as Digest,
      packages: [{ name: 'sound' }],
    },
  },
];

it.each(VECTORS)('names the filter of $input.name as $hash', ({ hash, input }) => {
  expect(filterHash(input)).toBe(hash);
});
