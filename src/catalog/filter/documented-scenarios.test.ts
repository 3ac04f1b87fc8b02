import { expect, it } from 'vitest';
import { FIXTURE_FILES } from '../../../test/support/catalogs/fixture-catalog.ts';
import {
  type ModelDocument,
  catalogOf,
  documentsOf,
} from '../../../test/support/catalogs/model-from-documents.ts';
import type { OperatorPackage } from '../../imageset/operators-content.ts';
import type { FilteredCatalog } from '../catalog-selection.ts';
import { validateCatalog } from '../validate/validate-catalog.ts';
import { filterCatalog } from './filter-catalog.ts';
import { SelectionFailure } from './selection-failure.ts';

const signal = new AbortController().signal;
const FIXTURE = documentsOf(FIXTURE_FILES);

interface Asked {
  readonly full?: boolean;
  readonly packages?: readonly OperatorPackage[];
  readonly documents?: readonly ModelDocument[];
}

async function filter({
  full = false,
  packages,
  documents = FIXTURE,
}: Asked): Promise<FilteredCatalog> {
  const selection = { full, ...(packages === undefined ? {} : { packages }) };
  return await filterCatalog(catalogOf(documents), selection, signal);
}

/** What the channels keep, versions for bundle names: `gadget: fast {2.1.0}, stable {2.0.0}`. */
function channelsOf({ packages }: FilteredCatalog): string[] {
  return packages.map(({ name, channels }) => {
    const kept = channels.map((channel) => {
      const versions = channel.entries.map((entry) => entry.name.replace(`${name}.v`, ''));
      return `${channel.name} {${versions.join(', ')}}`;
    });
    return `${name}: ${kept.sort().join(', ')}`;
  });
}

async function failureOf(asked: Asked): Promise<SelectionFailure> {
  const error: unknown = await filter(asked).catch((caught: unknown) => caught);
  if (error instanceof SelectionFailure) return error;
  throw new Error('no SelectionFailure was thrown', { cause: error });
}

const gadget = (entry: Omit<OperatorPackage, 'name'>): OperatorPackage[] => [
  { name: 'gadget', ...entry },
];
const stable = (bounds: { minVersion?: string; maxVersion?: string }): OperatorPackage[] =>
  gadget({ channels: [{ name: 'stable', ...bounds }] });
const bundles = (...versions: string[]): OperatorPackage[] =>
  gadget({ bundles: versions.map((version) => ({ name: `gadget.v${version}` })) });
const widget = (bounds: { minVersion?: string; maxVersion?: string }): OperatorPackage[] => [
  { name: 'widget', ...bounds },
];
const patchy = (bounds: { minVersion?: string; maxVersion?: string }): OperatorPackage[] => [
  { name: 'patchy', ...bounds },
];

const ALL_GADGET =
  'gadget: fast {2.0.0, 2.1.0}, old {1.0.0, 1.1.0}, stable {1.0.0, 1.1.0, 1.1.1, 1.2.0, 2.0.0}';
const HEADS_GADGET = 'gadget: fast {2.1.0}, old {1.1.0}, stable {2.0.0}';

it.each<Asked & { id: string; kept: string[] }>([
  { id: 'S1', kept: [HEADS_GADGET, 'patchy: main {0.9.1}', 'widget: stable-4 {4.9.0-3}'] },
  {
    id: 'S2',
    full: true,
    kept: [
      ALL_GADGET,
      'patchy: main {0.9.0, 0.9.0-1.p, 0.9.1}',
      'widget: stable-4 {4.8.0-10, 4.8.0-25, 4.9.0-3}',
    ],
  },
  { id: 'S3', packages: gadget({}), kept: [HEADS_GADGET] },
  { id: 'S4', full: true, packages: gadget({}), kept: [ALL_GADGET] },
  {
    id: 'S5',
    packages: gadget({ minVersion: '1.1.0' }),
    kept: ['gadget: fast {2.0.0, 2.1.0}, old {1.1.0}, stable {1.1.0, 1.1.1, 1.2.0, 2.0.0}'],
  },
  {
    id: 'S6 (the empty channel goes)',
    packages: gadget({ maxVersion: '1.2.0' }),
    kept: ['gadget: old {1.0.0, 1.1.0}, stable {1.0.0, 1.1.0, 1.1.1, 1.2.0}'],
  },
  {
    id: 'S7 (the empty channel goes)',
    packages: gadget({ minVersion: '1.1.0', maxVersion: '1.2.0' }),
    kept: ['gadget: old {1.1.0}, stable {1.1.0, 1.1.1, 1.2.0}'],
  },
  {
    id: 'S8',
    packages: gadget({ channels: [{ name: 'stable' }] }),
    kept: ['gadget: stable {2.0.0}'],
  },
  {
    id: 'S8c',
    packages: gadget({ channels: [{ name: 'fast' }], defaultChannel: 'fast' }),
    kept: ['gadget: fast {2.1.0}'],
  },
  {
    id: 'S9',
    full: true,
    packages: gadget({ channels: [{ name: 'old' }], defaultChannel: 'old' }),
    kept: ['gadget: old {1.0.0, 1.1.0}'],
  },
  {
    id: 'S10',
    packages: gadget({ channels: [{ name: 'stable' }, { name: 'fast' }] }),
    kept: ['gadget: fast {2.1.0}, stable {2.0.0}'],
  },
  {
    id: 'S11',
    packages: stable({ minVersion: '1.1.0' }),
    kept: ['gadget: stable {1.1.0, 1.1.1, 1.2.0, 2.0.0}'],
  },
  {
    id: 'S12 (with the one that skips 1.1.1)',
    packages: stable({ maxVersion: '1.1.1' }),
    kept: ['gadget: stable {1.0.0, 1.1.0, 1.1.1, 1.2.0}'],
  },
  {
    id: 'S12b',
    packages: stable({ maxVersion: '1.1.0' }),
    kept: ['gadget: stable {1.0.0, 1.1.0}'],
  },
  {
    id: 'S12c (a prefix)',
    packages: stable({ maxVersion: '1' }),
    kept: ['gadget: stable {1.0.0, 1.1.0, 1.1.1, 1.2.0}'],
  },
  {
    id: 'S13',
    packages: stable({ minVersion: '1.1.0', maxVersion: '1.2.0' }),
    kept: ['gadget: stable {1.1.0, 1.1.1, 1.2.0}'],
  },
  {
    id: 'S13b',
    packages: stable({ minVersion: '1.1.1', maxVersion: '1.1.5' }),
    kept: ['gadget: stable {1.1.1, 1.2.0}'],
  },
  { id: 'S14', packages: bundles('2.0.0'), kept: ['gadget: fast {2.0.0}, stable {2.0.0}'] },
  {
    id: 'S14b (with another default channel)',
    packages: bundles('2.1.0').map((entry) => ({ ...entry, defaultChannel: 'fast' })),
    kept: ['gadget: fast {2.1.0}'],
  },
  {
    id: 'S14d',
    packages: bundles('1.2.0', '2.0.0'),
    kept: ['gadget: fast {2.0.0}, stable {1.2.0, 2.0.0}'],
  },
  {
    id: 'S15',
    packages: gadget({ channels: [{ name: 'stable' }], minVersion: '1.1.0', maxVersion: '1.2.0' }),
    kept: ['gadget: stable {1.1.0, 1.1.1, 1.2.0}'],
  },
  { id: 'E1', packages: [...gadget({}), { name: 'nope' }], kept: [HEADS_GADGET] },
  {
    id: 'E3',
    packages: gadget({ channels: [{ name: 'stable' }, { name: 'nope' }] }),
    kept: ['gadget: stable {2.0.0}'],
  },
  {
    id: 'E7 (the empty channels go)',
    packages: gadget({ minVersion: '1.2.0', maxVersion: '1.2.0' }),
    kept: ['gadget: stable {1.2.0}'],
  },
  {
    id: 'E8',
    packages: stable({ minVersion: '1.2.0', maxVersion: '1.2.0' }),
    kept: ['gadget: stable {1.2.0}'],
  },
  {
    id: 'E11 (the empty channel goes)',
    packages: gadget({ channels: [{ name: 'stable' }, { name: 'fast', maxVersion: '1.2.0' }] }),
    kept: ['gadget: stable {2.0.0}'],
  },
  {
    id: 'E13 (what is no longer the default may be empty)',
    packages: gadget({
      defaultChannel: 'fast',
      channels: [{ name: 'fast' }, { name: 'stable', minVersion: '3.0.0' }],
    }),
    kept: ['gadget: fast {2.1.0}'],
  },
  {
    id: 'E15',
    packages: widget({ minVersion: '4.8.0-0' }),
    kept: ['widget: stable-4 {4.8.0-10, 4.8.0-25, 4.9.0-3}'],
  },
  {
    id: 'E16',
    packages: widget({ minVersion: '4.8.0-11', maxVersion: '4.8.9' }),
    kept: ['widget: stable-4 {4.8.0-25}'],
  },
  {
    id: 'E18',
    packages: widget({ maxVersion: '4.8.0-10' }),
    kept: ['widget: stable-4 {4.8.0-10}'],
  },
  {
    id: 'E19',
    packages: patchy({ maxVersion: '0.9.0' }),
    kept: ['patchy: main {0.9.0, 0.9.0-1.p}'],
  },
  {
    id: 'E20',
    packages: patchy({ maxVersion: '0.9' }),
    kept: ['patchy: main {0.9.0, 0.9.0-1.p, 0.9.1}'],
  },
  {
    id: 'E21 (a prefix)',
    packages: patchy({ minVersion: '0.9', maxVersion: '0.9' }),
    kept: ['patchy: main {0.9.0}'],
  },
  {
    id: 'E21',
    packages: patchy({ minVersion: '0.9.0', maxVersion: '0.9.0' }),
    kept: ['patchy: main {0.9.0}'],
  },
  {
    id: 'E21 (with build metadata)',
    packages: patchy({ minVersion: '0.9.0+1.p', maxVersion: '0.9.0+1.p' }),
    kept: ['patchy: main {0.9.0-1.p}'],
  },
  {
    id: 'E21 (no such text: nearest to the head)',
    packages: patchy({ minVersion: '0.9.0+2', maxVersion: '0.9.0+2' }),
    kept: ['patchy: main {0.9.0-1.p}'],
  },
])('keeps what the documentation says: $id', async ({ kept, ...asked }) => {
  const filtered = await filter(asked);

  expect(channelsOf(filtered)).toEqual(kept);
  expect(validateCatalog(filtered)).toEqual([]);
});

it.each<Asked & { id: string; path: readonly (string | number)[]; says: string; advises: string }>([
  {
    id: 'S8b',
    packages: gadget({ channels: [{ name: 'fast' }] }),
    path: ['channels'],
    says: 'default channel "stable"',
    advises: 'defaultChannel: fast',
  },
  {
    id: 'S14b',
    packages: bundles('2.1.0'),
    path: ['bundles'],
    says: 'default channel "stable"',
    advises: 'defaultChannel: fast',
  },
  {
    id: 'S14c',
    packages: bundles('1.0.0', '2.0.0'),
    path: ['bundles'],
    says: 'multiple channel heads found: [gadget.v1.0.0 gadget.v2.0.0]',
    advises: 'replaced or skipped',
  },
  {
    id: 'S16',
    full: true,
    packages: gadget({ channels: [{ name: 'stable' }], minVersion: '1.1.0', maxVersion: '1.2.0' }),
    path: [],
    says: 'full: true',
    advises: 'Remove full',
  },
  {
    id: 'S17',
    full: true,
    packages: stable({ minVersion: '1.1.0', maxVersion: '1.2.0' }),
    path: ['channels', 0],
    says: 'full: true',
    advises: 'Remove full',
  },
  {
    id: 'full with bundles',
    full: true,
    packages: bundles('2.0.0'),
    path: ['bundles'],
    says: 'full: true',
    advises: 'Remove full',
  },
  {
    id: 'E2',
    packages: [{ name: 'gadgets' }],
    path: ['name'],
    says: 'no package "gadgets"',
    advises: '"gadget"',
  },
  {
    id: 'E4',
    packages: gadget({ channels: [{ name: 'nope' }] }),
    path: ['channels'],
    says: 'default channel "stable"',
    advises: '"fast"',
  },
  {
    id: 'E5',
    packages: stable({ minVersion: '2.0.0', maxVersion: '1.0.0' }),
    path: ['channels', 0, 'minVersion'],
    says: 'no version in the range',
    advises: '1.0.0, 1.1.0',
  },
  {
    id: 'E6',
    packages: gadget({ minVersion: '2.1.0' }),
    path: ['minVersion'],
    says: 'channel "stable"',
    advises: 'defaultChannel: fast',
  },
  {
    id: 'E9',
    packages: stable({ minVersion: '2.1.0', maxVersion: '2.1.0' }),
    path: ['channels', 0, 'minVersion'],
    says: 'channel "stable"',
    advises: '1.0.0',
  },
  {
    id: 'E10',
    packages: gadget({ minVersion: '7.0.0', maxVersion: '7.0.0' }),
    path: ['minVersion'],
    says: '7.0.0',
    advises: '2.1.0',
  },
  {
    id: 'E12',
    packages: gadget({
      defaultChannel: 'old',
      channels: [{ name: 'stable' }, { name: 'old', minVersion: '2.0.0' }],
    }),
    path: ['channels', 1, 'minVersion'],
    says: 'channel "old"',
    advises: 'defaultChannel: stable',
  },
  {
    id: 'E14',
    packages: widget({ minVersion: '4.8.0' }),
    path: ['minVersion'],
    says: 'no version in the range',
    advises: 'minVersion: 4.8.0-0',
  },
  {
    id: 'E17',
    packages: widget({ maxVersion: '4.8.9' }),
    path: ['maxVersion'],
    says: 'no version in the range',
    advises: 'minVersion: 0.0.0-0, maxVersion: 4.8.9',
  },
  {
    id: 'E28 (channels)',
    packages: bundles('2.0.0').map((entry) => ({ ...entry, channels: [{ name: 'stable' }] })),
    path: ['bundles'],
    says: 'bundles cannot be mixed',
    advises: 'Keep the bundles',
  },
  {
    id: 'E28 (versions)',
    packages: bundles('2.0.0').map((entry) => ({ ...entry, minVersion: '1.0.0' })),
    path: ['bundles'],
    says: 'bundles cannot be mixed',
    advises: 'Keep the bundles',
  },
  {
    id: 'a default channel that is not there',
    packages: gadget({ defaultChannel: 'fats', channels: [{ name: 'fast' }, { name: 'stable' }] }),
    path: ['defaultChannel'],
    says: '"fats"',
    advises: 'defaultChannel: fast',
  },
])(
  'refuses what leaves no catalog that can be served: $id',
  async ({ path, says, advises, ...asked }) => {
    const failure = await failureOf(asked);

    expect(failure.code).toBe('CATALOG_SELECTION');
    expect(failure.findings).toHaveLength(1);
    expect(failure.findings[0]).toMatchObject({
      package: 0,
      path,
      message: expect.stringContaining(says) as string,
      hint: expect.stringContaining(advises) as string,
    });
  },
);

it('tells the problems of all packages, each with its entry (E29)', async () => {
  const failure = await failureOf({
    packages: [
      { name: 'widget', minVersion: '4.8.0' },
      { name: 'patchy' },
      { name: 'gadget', channels: [{ name: 'fast' }, { name: 'old', maxVersion: '0.1.0' }] },
    ],
  });

  const found = failure.findings.map((finding) => [finding.package, finding.path]);
  expect(found).toEqual([
    [2, ['channels']],
    [0, ['minVersion']],
  ]);
  expect(failure.warnings.map(({ path }) => path)).toEqual([['channels', 1, 'maxVersion']]);
});

it('refuses a catalog without packages', async () => {
  const failure = await failureOf({ documents: [{ schema: 'com.example.note', text: 'empty' }] });

  expect(failure.findings).toMatchObject([{ path: [] }]);
});
