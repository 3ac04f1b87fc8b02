import { expect, it } from 'vitest';
import { FIXTURE_FILES } from '../../../test/support/catalogs/fixture-catalog.ts';
import { documentsOf, packageOf } from '../../../test/support/catalogs/model-from-documents.ts';
import type { OperatorPackage } from '../../imageset/operators-content.ts';
import type { CatalogPackage } from '../catalog-package.ts';
import { filterPackage } from './filter-package.ts';

const GADGET = packageOf(
  documentsOf(FIXTURE_FILES).filter(
    ({ schema, name, package: owner }) => (schema === 'olm.package' ? name : owner) === 'gadget',
  ),
);

function filter(entry: Omit<OperatorPackage, 'name'>, full = false): CatalogPackage {
  return filterPackage(GADGET, { full, entry: { name: 'gadget', ...entry } }).result;
}

it('changes no document where everything is kept', () => {
  expect(filter({}, true)).toEqual(GADGET);
});

it('keeps entries verbatim, in their order, with edges to what is gone', () => {
  const [stable] = filter({
    channels: [{ name: 'stable', minVersion: '1.1.0', maxVersion: '1.2.0' }],
  }).channels;

  expect(stable?.isChanged).toBe(true);
  expect(stable?.entries).toEqual(GADGET.channels[0]?.entries.slice(1, 4));
  expect(stable?.entries[0]?.replaces).toBe('gadget.v1.0.0');
});

it('changes only the documents that lose something', () => {
  const { definitions, channels, bundles, deprecations } = filter({
    channels: [{ name: 'old', maxVersion: '1.1.0' }, { name: 'stable' }],
  });

  const old = channels.find(({ name }) => name === 'old');
  expect(old).toBe(GADGET.channels[2]);
  expect(channels.find(({ name }) => name === 'stable')?.isChanged).toBe(true);
  expect(definitions).toEqual(GADGET.definitions);
  expect(deprecations[0]).toBe(GADGET.deprecations[0]);
  for (const bundle of bundles) expect(GADGET.bundles).toContain(bundle);
});

it('writes another default channel into the package, and the same one not', () => {
  const fast = filter({ channels: [{ name: 'fast' }], defaultChannel: 'fast' });
  const stable = filter({ channels: [{ name: 'stable' }], defaultChannel: 'stable' });

  expect(fast.definitions).toMatchObject([{ defaultChannel: 'fast', isChanged: true }]);
  expect(stable.definitions[0]).toBe(GADGET.definitions[0]);
});

it.each([
  { id: 'of channels that are not selected', entry: { channels: [{ name: 'stable' }] }, left: [] },
  {
    id: 'of channels that are empty',
    entry: { minVersion: '1.2.0', maxVersion: '1.2.0' },
    left: [],
  },
  { id: 'of bundles that are gone', entry: {}, left: ['old'] },
  { id: 'of nothing that stays', entry: { maxVersion: '1.2.0' }, left: ['old', 'gadget.v1.0.0'] },
])('drops the deprecations $id, and keeps the document', ({ entry, left }) => {
  const { deprecations } = filter(entry);

  expect(deprecations).toHaveLength(1);
  expect(deprecations[0]?.entries.map(({ reference }) => reference.name)).toEqual(left);
  expect(deprecations[0]?.isChanged).toBe(left.length < 2 ? true : undefined);
});

it('keeps the deprecation of the package itself', () => {
  const entry = { reference: { schema: 'olm.package' }, message: 'use another one' };
  const span = { file: 0, start: 0, end: 1 };
  const source = { ...GADGET, deprecations: [{ span, entries: [entry] }] };

  const { result } = filterPackage(source, { full: false });

  expect(result.deprecations).toEqual(source.deprecations);
});
