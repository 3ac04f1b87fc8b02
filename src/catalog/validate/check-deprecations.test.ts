import { expect, it } from 'vitest';
import { gear, span } from '../../../test/support/catalogs/gear-package.ts';
import type { CatalogPackage, DeprecationEntry } from '../catalog-package.ts';
import { validatePackage } from './validate-package.ts';

function withDeprecation(...entries: DeprecationEntry[]): CatalogPackage {
  return gear({ deprecations: [{ span, entries }] });
}

it.each<{ rule: string; source: CatalogPackage }>([
  {
    rule: 'deprecations of all kinds',
    source: withDeprecation(
      { reference: { schema: 'olm.package' }, message: 'old' },
      { reference: { schema: 'olm.channel', name: 'stable' }, message: 'old' },
      { reference: { schema: 'olm.bundle', name: 'gear.v1.0.0' }, message: 'old' },
    ),
  },
  { rule: 'deprecations of nothing', source: withDeprecation() },
])('accepts $rule', ({ source }) => {
  expect(validatePackage(source)).toEqual([]);
});

it.each<{ id: string; source: CatalogPackage; says: string }>([
  {
    id: 'deprecations without package',
    source: gear({
      definitions: [],
      channels: [],
      bundles: [],
      deprecations: [{ span, entries: [] }],
    }),
    says: 'no olm.package document',
  },
  {
    id: 'two documents',
    source: gear({
      deprecations: [
        { span, entries: [] },
        { span, entries: [] },
      ],
    }),
    says: '2 olm.deprecations',
  },
  {
    id: 'an unknown schema',
    source: withDeprecation({ reference: { schema: 'olm.csv' }, message: 'old' }),
    says: 'unknown schema',
  },
  {
    id: 'a reference twice',
    source: withDeprecation(
      { reference: { schema: 'olm.package' }, message: 'old' },
      { reference: { schema: 'olm.package' }, message: 'older' },
    ),
    says: 'several entries for olm.package',
  },
  {
    id: 'a channel that is not there',
    source: withDeprecation({ reference: { schema: 'olm.channel', name: 'fast' }, message: 'old' }),
    says: 'names no channel',
  },
  {
    id: 'a bundle that is not there',
    source: withDeprecation({
      reference: { schema: 'olm.bundle', name: 'gear.v3' },
      message: 'old',
    }),
    says: 'names no bundle',
  },
  {
    id: 'a package with a name',
    source: withDeprecation({ reference: { schema: 'olm.package', name: 'gear' }, message: 'old' }),
    says: 'has a name',
  },
  {
    id: 'no message',
    source: withDeprecation({ reference: { schema: 'olm.package' }, message: '' }),
    says: 'no message',
  },
])('refuses $id', ({ source, says }) => {
  const messages = validatePackage(source);

  expect(messages.length).toBeGreaterThan(0);
  expect(messages.join('\n')).toContain(says);
});
