import { expect, it } from 'vitest';
import { FIXTURE_FILES } from '../../../test/support/catalogs/fixture-catalog.ts';
import {
  catalogOf,
  documentsOf,
  packageOf,
} from '../../../test/support/catalogs/model-from-documents.ts';
import {
  CHAIN,
  bundle,
  gear,
  span,
  withBundle,
  withEntries,
} from '../../../test/support/catalogs/gear-package.ts';
import { RICH_FILES } from '../../../test/support/catalogs/rich-catalog.ts';
import type { CatalogBundle, CatalogPackage } from '../catalog-package.ts';
import { validateCatalog } from './validate-catalog.ts';
import { validateApartFromImages, validatePackage } from './validate-package.ts';

function release(
  release: string,
  changes: Partial<CatalogBundle> = {},
  version = '1.1.0',
): CatalogPackage {
  const packages = [{ packageName: 'gear', version, release }];
  return withBundle({ name: `gear-v${version}-${release}`, packages, ...changes });
}

it.each<{ rule: string; source: CatalogPackage }>([
  { rule: 'a chain that ends in what is gone (V15)', source: gear() },
  {
    rule: 'skips of what is not there (V15)',
    source: withEntries({ name: 'gear.v1.0.0', skips: ['gear.v0.1.0'] }),
  },
  {
    rule: 'a skipped entry as a dead end (V13)',
    source: withEntries(
      { name: 'gear.v1.0.0' },
      { name: 'gear.v1.0.1' },
      { name: 'gear.v1.1.0', replaces: 'gear.v1.0.0', skips: ['gear.v1.0.1'] },
    ),
  },
  {
    rule: 'a replaces and a skips of one entry (V13)',
    source: withEntries(
      { name: 'gear.v1.0.0' },
      { name: 'gear.v1.1.0', replaces: 'gear.v1.0.0', skips: ['gear.v1.0.0'] },
    ),
  },
  {
    rule: 'a skipRange (V16)',
    source: withEntries({ name: 'gear.v1.0.0', skipRange: '>=0.1.0 <1.0.0 || 0.0.x' }),
  },
  { rule: 'a release (V8)', source: release('2.rc-1') },
  { rule: 'objects instead of an image (V9)', source: withBundle({ image: '', hasObjects: true }) },
  {
    rule: 'images by tag, by both, and an empty one (V9)',
    source: withBundle({
      relatedImages: ['', 'quay.io/a/b:1', `localhost:5000/a/b:1@sha256:${'b'.repeat(64)}`].map(
        (image) => ({ name: '', image }),
      ),
    }),
  },
  {
    rule: 'versions that differ by build metadata only (V17)',
    source: withBundle({ packages: [{ packageName: 'gear', version: '1.0.0+1' }] }),
  },
  {
    rule: 'nothing but documents of other schemas',
    source: gear({
      name: 'Not a label',
      definitions: [],
      channels: [],
      bundles: [],
      others: [{ span, schema: 'com.example.note' }],
    }),
  },
])('accepts $rule', ({ source }) => {
  expect(validatePackage(source)).toEqual([]);
});

it.each<{ rule: string; id: string; source: CatalogPackage; says: string }>([
  {
    rule: 'V1',
    id: 'a name that is no label',
    source: gear({ name: 'Gear_1', bundles: [], channels: [] }),
    says: 'no DNS label',
  },
  {
    rule: 'V1',
    id: 'a name that is too long',
    source: gear({ name: 'g'.repeat(64) }),
    says: 'no DNS label',
  },
  {
    rule: 'V1',
    id: 'two definitions',
    source: gear({
      definitions: [
        { span, defaultChannel: 'stable' },
        { span, defaultChannel: 'stable' },
      ],
    }),
    says: '2 olm.package documents',
  },
  {
    rule: 'V1',
    id: 'no definition',
    source: gear({ definitions: [] }),
    says: 'no olm.package document',
  },
  {
    rule: 'V2',
    id: 'no default channel',
    source: gear({ definitions: [{ span, defaultChannel: '' }] }),
    says: 'defaultChannel is not set',
  },
  {
    rule: 'V2',
    id: 'a default channel that is not there',
    source: gear({ definitions: [{ span, defaultChannel: 'fast' }] }),
    says: 'the default channel "fast" does not exist',
  },
  { rule: 'V3', id: 'no channel', source: gear({ channels: [] }), says: 'there is no channel' },
  {
    rule: 'V3',
    id: 'a channel without entries',
    source: gear({ channels: [...gear().channels, { span, name: 'fast', entries: [] }] }),
    says: 'channel "fast": channel must contain at least one bundle',
  },
  {
    rule: 'V4',
    id: 'a channel without name',
    source: gear({ channels: [...gear().channels, { span, name: '', entries: CHAIN }] }),
    says: 'the name is empty',
  },
  {
    rule: 'V4',
    id: 'a channel twice',
    source: gear({ channels: [...gear().channels, ...gear().channels] }),
    says: 'several channels "stable"',
  },
  {
    rule: 'V5',
    id: 'an entry twice',
    source: withEntries({ name: 'gear.v1.0.0' }, { name: 'gear.v1.0.0' }),
    says: 'several entries "gear.v1.0.0"',
  },
  {
    rule: 'V5',
    id: 'an empty skip',
    source: withEntries({ name: 'gear.v1.0.0', skips: [''] }),
    says: 'skips an empty name',
  },
  {
    rule: 'V6',
    id: 'a bundle twice',
    source: gear({ bundles: [...gear().bundles, bundle('1.0.0')] }),
    says: 'several bundles "gear.v1.0.0"',
  },
  {
    rule: 'V6',
    id: 'a bundle without name',
    source: gear({ bundles: [...gear().bundles, bundle('2.0.0', { name: '' })] }),
    says: 'the name is empty',
  },
  {
    rule: 'V7',
    id: 'a property of another shape',
    source: withBundle({ propertyFaults: ['its olm.gvk property has no kind'] }),
    says: 'its olm.gvk property has no kind',
  },
  {
    rule: 'V7',
    id: 'no package property',
    source: withBundle({ packages: [] }),
    says: '0 olm.package properties',
  },
  {
    rule: 'V7',
    id: 'two package properties',
    source: withBundle({
      packages: ['1.1.0', '1.2.0'].map((version) => ({ packageName: 'gear', version })),
    }),
    says: '2 olm.package properties',
  },
  {
    rule: 'V7',
    id: 'another package in it',
    source: withBundle({ packages: [{ packageName: 'cog', version: '1.1.0' }] }),
    says: 'names the package "cog"',
  },
  {
    rule: 'V8',
    id: 'a version that is none',
    source: withBundle({ packages: [{ packageName: 'gear', version: 'v1.1' }] }),
    says: 'version "v1.1"',
  },
  {
    rule: 'V8',
    id: 'a release that is none',
    source: release('01'),
    says: 'its release "01" is none',
  },
  {
    rule: 'V8',
    id: 'a release that is too long',
    source: release('a'.repeat(21)),
    says: 'is none',
  },
  {
    rule: 'V8',
    id: 'a release beside build metadata',
    source: release('1', {}, '1.1.0+2'),
    says: 'build metadata',
  },
  {
    rule: 'V8',
    id: 'a release under another name',
    source: release('1', { name: 'gear.v1.1.0' }),
    says: 'its name has to be "gear-v1.1.0-1"',
  },
  { rule: 'V9', id: 'no image', source: withBundle({ image: '' }), says: 'it has no image' },
  {
    rule: 'V9',
    id: 'an image that is none',
    source: withBundle({ image: 'quay.io/Example/x:1' }),
    says: 'is no image reference',
  },
  {
    rule: 'V9',
    id: 'a related image with a transport',
    source: withBundle({ relatedImages: [{ name: '', image: 'oci://x' }] }),
    says: '"oci://x" is no image',
  },
  {
    rule: 'V10',
    id: 'a bundle in no channel',
    source: gear({ bundles: [...gear().bundles, bundle('2.0.0')] }),
    says: 'bundle "gear.v2.0.0": no channel has',
  },
  {
    rule: 'V11',
    id: 'an entry without bundle',
    source: gear({ bundles: [bundle('1.0.0')] }),
    says: '"gear.v1.1.0": no bundle of the package',
  },
  {
    rule: 'V11',
    id: 'an entry without bundle in the first of two channels',
    source: gear({
      channels: [{ span, name: 'alpha', entries: [{ name: 'gear.v3.0.0' }] }, ...gear().channels],
    }),
    says: 'channel "alpha": "gear.v3.0.0": no bundle',
  },
  {
    rule: 'V12',
    id: 'two heads',
    source: withEntries({ name: 'gear.v1.0.0' }, { name: 'gear.v2.0.0' }),
    says: 'multiple channel heads found: [gear.v1.0.0 gear.v2.0.0]',
  },
  {
    rule: 'V12',
    id: 'no head',
    source: withEntries(
      { name: 'gear.v1.0.0', replaces: 'gear.v2.0.0' },
      { name: 'gear.v2.0.0', replaces: 'gear.v1.0.0' },
    ),
    says: 'no channel head found in graph',
  },
  {
    rule: 'V13',
    id: 'an entry behind a skipped one',
    source: withEntries(
      { name: 'gear.v1.0.0' },
      { name: 'gear.v1.1.0', replaces: 'gear.v1.0.0' },
      { name: 'gear.v1.2.0', replaces: 'gear.v1.1.0', skips: ['gear.v1.1.0'] },
    ),
    says: '"gear.v1.0.0": stranded',
  },
  {
    rule: 'V14',
    id: 'a cycle below the head',
    source: withEntries(
      { name: 'gear.v1.0.0', replaces: 'gear.v1.1.0' },
      { name: 'gear.v1.1.0', replaces: 'gear.v1.0.0' },
      { name: 'gear.v1.2.0', replaces: 'gear.v1.1.0' },
    ),
    says: 'cycle',
  },
  {
    rule: 'V16',
    id: 'a skipRange that is none',
    source: withEntries({ name: 'gear.v1.0.0', skipRange: '^1.0' }),
    says: 'skipRange "^1.0"',
  },
  {
    rule: 'V17',
    id: 'a version twice',
    source: withBundle({ packages: [{ packageName: 'gear', version: '1.0.0' }] }),
    says: 'duplicate versions: "gear.v1.0.0", "gear.v1.1.0" have the version 1.0.0',
  },
])('refuses $id ($rule)', ({ source, says }) => {
  const messages = validatePackage(source);

  expect(messages.join('\n')).toContain(says);
  for (const message of messages) expect(message).toMatch(/^package ".*", |^package ".*": /);
  for (const message of messages) expect(message).toContain(source.name);
});

it('checks everything but images where images are somebody else’s to judge', () => {
  const source = withBundle({ image: 'oci://x', packages: [] });

  expect(validatePackage(source)).toHaveLength(2);
  expect(validateApartFromImages(source)).toHaveLength(1);
});

it('accepts the catalogs that the other tests are made of', async () => {
  const catalog = catalogOf(documentsOf(FIXTURE_FILES));
  const packages = await Promise.all(
    catalog.packageNames.map((name) => catalog.readPackage(name, new AbortController().signal)),
  );
  const tower = packageOf(documentsOf({ 'catalog.json': RICH_FILES['tower/catalog.json'] ?? '' }));

  expect(validateCatalog({ packages: [...packages.flatMap((one) => one ?? []), tower] })).toEqual(
    [],
  );
});

it('refuses a catalog with a package twice (V1)', () => {
  expect(validateCatalog({ packages: [gear(), gear()] })).toEqual([
    'package "gear": the catalog has it more than once; keep one',
  ]);
});
