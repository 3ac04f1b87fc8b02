import type {
  CatalogBundle,
  CatalogPackage,
  ChannelEntry,
} from '../../../src/catalog/catalog-package.ts';

/** Where the bytes are does not matter to what is made with this. */
export const span = { file: 0, start: 0, end: 1 };

/** A bundle of `gear`. */
export function bundle(version: string, changes: Partial<CatalogBundle> = {}): CatalogBundle {
  return {
    span,
    name: `gear.v${version}`,
    image: `quay.io/example/gear-bundle@sha256:${'a'.repeat(64)}`,
    relatedImages: [],
    packages: [{ packageName: 'gear', version }],
    providedApis: [],
    requiredApis: [],
    requiredPackages: [],
    propertyFaults: [],
    hasObjects: false,
    ...changes,
  };
}

/** The entries of its channel `stable`. */
export const CHAIN: readonly ChannelEntry[] = [
  { name: 'gear.v1.0.0', replaces: 'gear.v0.9.0' },
  { name: 'gear.v1.1.0', replaces: 'gear.v1.0.0', skips: ['gear.v1.0.1'] },
];

/** A valid package `gear`, with the changes. */
export function gear(changes: Partial<CatalogPackage> = {}): CatalogPackage {
  return {
    name: 'gear',
    definitions: [{ span, defaultChannel: 'stable' }],
    channels: [{ span, name: 'stable', entries: CHAIN }],
    bundles: [bundle('1.0.0'), bundle('1.1.0')],
    deprecations: [],
    others: [],
    ...changes,
  };
}

/** With these entries in its channel, and a bundle for each. */
export function withEntries(...entries: ChannelEntry[]): CatalogPackage {
  const names = new Set(entries.map(({ name }) => name));
  return gear({
    channels: [{ span, name: 'stable', entries }],
    bundles: [...names].map((name) => bundle(name.slice('gear.v'.length), { name })),
  });
}

/** With the changes in its newest bundle. */
export function withBundle(changes: Partial<CatalogBundle>): CatalogPackage {
  const changed = bundle('1.1.0', changes);
  const entries = [CHAIN[0] ?? { name: '' }, { name: changed.name, replaces: 'gear.v1.0.0' }];
  return gear({
    channels: [{ span, name: 'stable', entries }],
    bundles: [bundle('1.0.0'), changed],
  });
}
