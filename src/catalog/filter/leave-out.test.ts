import { expect, it } from 'vitest';
import { FIXTURE_FILES } from '../../../test/support/catalogs/fixture-catalog.ts';
import { catalogOf, documentsOf } from '../../../test/support/catalogs/model-from-documents.ts';
import type { OperatorPackage } from '../../imageset/operators-content.ts';
import type { FilteredCatalog } from '../catalog-selection.ts';
import { validateCatalog } from '../validate/validate-catalog.ts';
import { filterCatalog } from './filter-catalog.ts';
import { leaveOut } from './leave-out.ts';

const signal = new AbortController().signal;

async function whole(packages?: readonly OperatorPackage[]): Promise<FilteredCatalog> {
  const selection = { full: true, ...(packages === undefined ? {} : { packages }) };
  return await filterCatalog(catalogOf(documentsOf(FIXTURE_FILES)), selection, signal);
}

function gadget(version: string): { package: string; bundle: string } {
  return { package: 'gadget', bundle: `gadget.v${version}` };
}

it('takes a head out of its channels, and what names it out of the deprecations', async () => {
  const filtered = await whole([{ name: 'gadget' }]);

  const left = leaveOut(filtered, [gadget('2.1.0')]);

  const [result] = left.packages;
  expect(result?.bundles.map(({ name }) => name)).not.toContain('gadget.v2.1.0');
  expect(result?.channels.map(({ entries }) => entries.length)).toEqual([5, 1, 2]);
  expect(result?.channels[0]).toBe(filtered.packages[0]?.channels[0]);
  expect(left.removed).toEqual([{ kind: 'bundle', ...gadget('2.1.0') }]);
  expect([...left.changed]).toEqual(['gadget']);
  expect(validateCatalog(left)).toEqual([]);
});

it('takes a channel that is empty with its deprecation', async () => {
  const left = leaveOut(await whole([{ name: 'gadget' }]), [gadget('2.0.0'), gadget('2.1.0')]);

  expect(left.packages[0]?.channels.map(({ name }) => name)).toEqual(['stable', 'old']);
  expect(left.removed).toContainEqual({ kind: 'channel', package: 'gadget', channel: 'fast' });
  expect(validateCatalog(left)).toEqual([]);
});

it('takes a package that is empty, and leaves the others the same objects', async () => {
  const filtered = await whole();
  const widgets = filtered.packages.find(({ name }) => name === 'widget')?.bundles ?? [];

  const left = leaveOut(
    filtered,
    widgets.map(({ name }) => ({ package: 'widget', bundle: name })),
  );

  expect(left.packages).toEqual(filtered.packages.filter(({ name }) => name !== 'widget'));
  expect(left.removed.at(-1)).toEqual({ kind: 'package', package: 'widget' });
  expect(left.changed.size).toBe(0);
});

it.each([
  {
    id: 'a default channel that is gone',
    left: ['1.0.0', '1.1.0', '1.1.1', '1.2.0', '2.0.0'],
    fault: 'default channel "stable" does not exist',
  },
  {
    id: 'a chain with a hole',
    left: ['1.1.0'],
    fault: 'multiple channel heads found: [gadget.v1.0.0 gadget.v2.0.0]',
  },
])('leaves it to the validation to find $id', async ({ left: versions, fault }) => {
  const left = leaveOut(await whole([{ name: 'gadget' }]), versions.map(gadget));

  expect(validateCatalog(left)[0]).toContain(fault);
});

it('knows a bundle by package and name', async () => {
  const filtered = await whole();

  const left = leaveOut(filtered, [{ package: 'widget', bundle: 'gadget.v2.0.0' }]);

  expect(left.packages).toEqual(filtered.packages);
  expect(left.removed).toEqual([]);
});
