import fc from 'fast-check';
import type {
  CatalogBundle,
  CatalogChannel,
  CatalogPackage,
  ChannelEntry,
} from '../../../src/catalog/catalog-package.ts';

const NAME = 'gear';
const span = { file: 0, start: 0, end: 1 };

/** Ascending, with pre-releases and build metadata between plain versions. */
const VERSIONS = [
  '1.0.0-1',
  '1.0.0',
  '1.0.1',
  '1.1.0-2',
  '1.1.0-10',
  '1.1.0',
  '1.1.0+1.p',
  '1.2.0',
  '2.0.0-rc.1',
  '2.0.0',
  '2.0.1',
  '2.1.0',
];

const Bounds = fc
  .record({
    minVersion: fc.option(fc.constantFrom('1', '1.1', ...VERSIONS), { nil: undefined }),
    maxVersion: fc.option(fc.constantFrom('1', '1.1', '3.0.0', ...VERSIONS), { nil: undefined }),
  })
  .map(({ minVersion, maxVersion }) => ({
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
  }));

/** Versions to write in a selection of an arbitrary package; most match something. */
export const arbitraryBounds = Bounds;

/** Names of bundles that an arbitrary package may have. */
export const arbitraryBundleNames = fc.subarray(VERSIONS.map(nameOf), { minLength: 1 });

/**
 * A channel that OLM accepts: a chain of versions, and others that a link of it skips. Links may skip what
 * they do not have to, and edges may lead to bundles of other channels or to nothing.
 */
const arbitrarySoundEntries: fc.Arbitrary<readonly ChannelEntry[]> = fc
  .array(
    fc.record({
      isThere: fc.boolean(),
      isSkipped: fc.integer({ min: 0, max: 3 }),
      extra: fc.boolean(),
    }),
    { minLength: VERSIONS.length, maxLength: VERSIONS.length },
  )
  .map((choices) => {
    const entries: ChannelEntry[] = [];
    let below: string | undefined = choices[0]?.extra === true ? nameOf('0.9.0') : undefined;
    let waiting: string[] = [];
    for (const [index, { isThere, isSkipped, extra }] of choices.entries()) {
      const name = nameOf(VERSIONS[index] ?? '');
      if (!isThere) {
        if (extra) waiting.push(name);
        continue;
      }
      const isLast = choices.slice(index + 1).every((choice) => !choice.isThere);
      if (isSkipped === 0 && !isLast) {
        waiting.push(name);
        entries.push({ name, ...(below === undefined ? {} : { replaces: below }) });
        continue;
      }
      const skips = waiting.length === 0 ? {} : { skips: waiting };
      entries.push({ name, ...(below === undefined ? {} : { replaces: below }), ...skips });
      below = name;
      waiting = [];
    }
    return entries;
  })
  .filter((entries) => entries.length > 0);

/** Any edges at all. */
const arbitraryWildEntries: fc.Arbitrary<readonly ChannelEntry[]> = fc.array(
  fc.record(
    {
      name: fc.constantFrom(...VERSIONS.map(nameOf)),
      replaces: fc.constantFrom('', ...VERSIONS.map(nameOf)),
      skips: fc.array(fc.constantFrom(...VERSIONS.map(nameOf)), { maxLength: 3 }),
      skipRange: fc.constantFrom('<1.1.0', '>=1.0.0 <2.0.0'),
    },
    { requiredKeys: ['name'] },
  ),
  { maxLength: 7 },
);

/** A package that OLM accepts, with one to three channels. */
export const arbitrarySoundPackage: fc.Arbitrary<CatalogPackage> = packageOf(arbitrarySoundEntries);

/** A package that OLM may refuse. */
export const arbitraryWildPackage: fc.Arbitrary<CatalogPackage> = packageOf(
  fc.oneof(arbitrarySoundEntries, arbitraryWildEntries),
);

function packageOf(entries: fc.Arbitrary<readonly ChannelEntry[]>): fc.Arbitrary<CatalogPackage> {
  return fc
    .record({
      lists: fc.array(entries, { minLength: 1, maxLength: 3 }),
      isDeprecated: fc.boolean(),
      default: fc.nat(),
    })
    .map(({ lists, isDeprecated, default: choice }) => {
      const channels = lists.map((list, index): CatalogChannel => ({
        span,
        name: `channel-${index}`,
        entries: list,
      }));
      const names = new Set(lists.flatMap((list) => list.map(({ name }) => name)));
      const deprecated = [
        ...channels.map(({ name }) => ({ schema: 'olm.channel', name })),
        ...[...names].map((name) => ({ schema: 'olm.bundle', name })),
      ].map((reference) => ({ reference, message: 'old' }));
      return {
        name: NAME,
        definitions: [{ span, defaultChannel: `channel-${choice % channels.length}` }],
        channels,
        bundles: [...names].map(bundleOf),
        deprecations: isDeprecated ? [{ span, entries: deprecated }] : [],
        others: [],
      };
    });
}

function nameOf(version: string): string {
  return `${NAME}.v${version.replace('+', '_')}`;
}

function bundleOf(name: string): CatalogBundle {
  const version = name.slice(NAME.length + 2).replace('_', '+');
  return {
    span,
    name,
    image: 'quay.io/example/gear-bundle:1',
    relatedImages: [],
    packages: [{ packageName: NAME, version }],
    providedApis: [],
    requiredApis: [],
    requiredPackages: [],
    propertyFaults: [],
    hasObjects: false,
  };
}
