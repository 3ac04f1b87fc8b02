import { expect, it } from 'vitest';
import { FIXTURE_FILES } from '../../../test/support/catalogs/fixture-catalog.ts';
import { catalogOf, documentsOf } from '../../../test/support/catalogs/model-from-documents.ts';
import { RICH_FILES } from '../../../test/support/catalogs/rich-catalog.ts';
import type { OperatorPackage } from '../../imageset/operators-content.ts';
import type { SelectionFinding } from '../catalog-selection.ts';
import { filterCatalog } from './filter-catalog.ts';

const signal = new AbortController().signal;
const TOWER = { 'tower/catalog.json': RICH_FILES['tower/catalog.json'] ?? '' };

async function warningsFor(
  packages: readonly OperatorPackage[],
): Promise<{ warnings: readonly SelectionFinding[]; reads: readonly string[] }> {
  const catalog = catalogOf(documentsOf({ ...FIXTURE_FILES, ...TOWER }));
  const { warnings } = await filterCatalog(catalog, { full: false, packages }, signal);
  return { warnings, reads: catalog.reads };
}

it('names the packages of the catalog that would provide what is missing', async () => {
  const { warnings } = await warningsFor([{ name: 'patchy' }, { name: 'tower' }]);

  expect(warnings.map((warning) => [warning.package, warning.message, warning.hint])).toEqual([
    [
      1,
      expect.stringMatching(/"tower.v1.1.0" requires the API Widget \(example.com\/v1\)/),
      'Add the package "widget" of this catalog.',
    ],
    [
      1,
      expect.stringMatching(/"tower.v1.1.0" requires the package "gadget" in >=1.2.0 <3.0.0/),
      'Add the package "gadget" of this catalog, with versions in >=1.2.0 <3.0.0.',
    ],
    [
      1,
      expect.stringMatching(/"tower.v2.0.0-rc.1" requires the API Absent/),
      expect.stringMatching(/^No package of this catalog provides it/),
    ],
    [
      1,
      expect.stringMatching(/"tower.v2.0.0-rc.1" requires the package "absent"/),
      expect.stringMatching(/^No package of this catalog is called "absent"/),
    ],
  ]);
});

it('is content with what is selected beside it', async () => {
  const { warnings } = await warningsFor([
    { name: 'tower', channels: [{ name: 'beta' }] },
    { name: 'gadget' },
    { name: 'widget' },
  ]);

  expect(warnings).toEqual([]);
});

it('asks for other versions of a package that is selected', async () => {
  const { warnings } = await warningsFor([
    { name: 'tower', channels: [{ name: 'beta' }] },
    { name: 'gadget', channels: [{ name: 'old' }], defaultChannel: 'old' },
    { name: 'widget' },
  ]);

  expect(warnings).toMatchObject([
    {
      package: 0,
      hint: 'Select versions of the package "gadget" in >=1.2.0 <3.0.0; selected are 1.1.0.',
    },
  ]);
});

it('looks over the other packages only where an API is missing, and once', async () => {
  const content = await warningsFor([{ name: 'gadget' }]);
  const missing = await warningsFor([{ name: 'tower' }]);

  expect(content.reads).toEqual(['gadget']);
  expect(missing.reads).toEqual(['tower', 'gadget', 'patchy', 'tower', 'widget']);
});
