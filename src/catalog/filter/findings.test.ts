import { expect, it } from 'vitest';
import { FIXTURE_FILES } from '../../../test/support/catalogs/fixture-catalog.ts';
import { catalogOf, documentsOf } from '../../../test/support/catalogs/model-from-documents.ts';
import type { OperatorPackage } from '../../imageset/operators-content.ts';
import type { FilteredCatalog } from '../catalog-selection.ts';
import { filterCatalog } from './filter-catalog.ts';

const signal = new AbortController().signal;
const FIXTURE = documentsOf(FIXTURE_FILES);

async function filter(
  packages: readonly OperatorPackage[],
  full = false,
): Promise<FilteredCatalog> {
  return await filterCatalog(catalogOf(FIXTURE), { full, packages }, signal);
}

it.each<{ id: string; entry: OperatorPackage; path: unknown; says: string[]; advises: string }>([
  {
    id: 'a package that is not there',
    entry: { name: 'widgett' },
    path: ['name'],
    says: ['widgett'],
    advises: '"widget"',
  },
  {
    id: 'a channel that is not there',
    entry: { name: 'gadget', channels: [{ name: 'stable' }, { name: 'fats' }] },
    path: ['channels', 1, 'name'],
    says: ['gadget', 'fats'],
    advises: '"fast"',
  },
  {
    id: 'a bundle that is not there',
    entry: { name: 'gadget', bundles: [{ name: 'gadget.v2.0.0' }, { name: 'gadget.v2.0.9' }] },
    path: ['bundles', 1, 'name'],
    says: ['gadget.v2.0.9'],
    advises: '"gadget.v',
  },
  {
    id: 'a channel without a version in its range',
    entry: { name: 'gadget', channels: [{ name: 'stable' }, { name: 'old', minVersion: '5.0.0' }] },
    path: ['channels', 1, 'minVersion'],
    says: ['"old"', 'minVersion: 5.0.0'],
    advises: 'Change the range',
  },
  {
    id: 'channels without a version in the range of the package, together',
    entry: { name: 'gadget', minVersion: '1.2.0', maxVersion: '1.2.0' },
    path: ['minVersion'],
    says: ['"fast", "old"'],
    advises: 'Change the range',
  },
  {
    id: 'a bundle that is kept out of range',
    entry: { name: 'gadget', channels: [{ name: 'stable', maxVersion: '1.1.1' }] },
    path: ['channels', 0, 'maxVersion'],
    says: ['"gadget.v1.2.0" is out of range'],
    advises: 'Widen the range',
  },
])('warns of $id', async ({ entry, path, says, advises }) => {
  // Beside a package that is there, so that something is left.
  const { warnings } = await filter([{ name: 'patchy' }, entry]);

  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatchObject({ package: 1, path });
  for (const text of says) expect(warnings[0]?.message).toContain(text);
  expect(warnings[0]?.hint).toContain(advises);
});

it.each<{ id: string; packages: OperatorPackage[]; full?: boolean }>([
  { id: 'heads', packages: [{ name: 'gadget' }, { name: 'widget' }] },
  { id: 'a whole package', packages: [{ name: 'gadget' }], full: true },
  { id: 'bundles by name', packages: [{ name: 'gadget', bundles: [{ name: 'gadget.v2.0.0' }] }] },
  { id: 'pre-releases by their own bounds', packages: [{ name: 'widget', minVersion: '4.8.0-0' }] },
  {
    id: 'a pinned pre-release',
    packages: [{ name: 'widget', minVersion: '4.8.0-25', maxVersion: '4.8.0-25' }],
  },
])(
  'has nothing to warn of where a selection gets what it asks for: $id',
  async ({ packages, full }) => {
    const { warnings } = await filter(packages, full);

    expect(warnings).toEqual([]);
  },
);

const CRATE = documentsOf({
  'crate/catalog.json': [
    { schema: 'olm.package', name: 'crate', defaultChannel: 'stable' },
    {
      schema: 'olm.channel',
      package: 'crate',
      name: 'stable',
      entries: ['1.0.0', '1.1.0-2', '1.1.0', '1.2.0-4'].map((version, index, all) => {
        const before = all[index - 1];
        const replaces = before === undefined ? {} : { replaces: `crate.v${before}` };
        return { name: `crate.v${version}`, ...replaces };
      }),
    },
    ...['1.0.0', '1.1.0-2', '1.1.0', '1.2.0-4'].map((version) => ({
      schema: 'olm.bundle',
      package: 'crate',
      name: `crate.v${version}`,
      image: 'quay.io/example/crate:1',
      properties: [{ type: 'olm.package', value: { packageName: 'crate', version } }],
    })),
  ]
    .map((document) => JSON.stringify(document))
    .join('\n'),
});

it.each([
  { bounds: { minVersion: '1.0.0' }, path: ['minVersion'], write: 'minVersion: 1.0.0-0' },
  { bounds: { minVersion: 'v1' }, path: ['minVersion'], write: 'minVersion: 1.0.0-0' },
  {
    bounds: { maxVersion: '1.2.0' },
    path: ['maxVersion'],
    write: 'minVersion: 0.0.0-0, maxVersion: 1.2.0',
  },
])(
  'tells which pre-releases $bounds alone leaves out, and what to write',
  async ({ bounds, path, write }) => {
    const packages = [{ name: 'crate', ...bounds }];

    const { warnings } = await filterCatalog(catalogOf(CRATE), { full: false, packages }, signal);

    // 1.1.0-2 is among what is kept: the chain leads over it.
    const hidden = warnings.find(({ message }) => message.includes('pre-releases'));
    expect(hidden).toMatchObject({ package: 0, path });
    expect(hidden?.hint).toContain('"crate.v1.2.0-4" is a pre-release');
    expect(hidden?.hint).toContain(write);
  },
);
