import type {
  CatalogBundle,
  CatalogChannel,
  CatalogDeprecations,
  CatalogPackage,
  DeprecationEntry,
  PackageDefinition,
} from '../catalog-package.ts';

/** Names of the entries that a channel keeps; a channel that is not in it, or keeps none, goes. */
export type KeptEntries = ReadonlyMap<CatalogChannel, ReadonlySet<string>>;

/**
 * The package with the kept entries only (spec, operator-catalogs, 3.3, steps 5 to 8): entries verbatim and in
 * their order, the bundles that any channel keeps, deprecations of what is there. What loses or gets nothing
 * stays the same object; the rest has `isChanged`.
 */
export function keepInPackage(
  source: CatalogPackage,
  kept: KeptEntries,
  defaultChannel?: string,
): CatalogPackage {
  const channels = source.channels.flatMap((channel) => keepChannel(channel, kept.get(channel)));
  const bundles = keepBundles(source, channels);
  return {
    ...source,
    definitions: source.definitions.map((definition) => redirect(definition, defaultChannel)),
    channels,
    bundles,
    deprecations: keepDeprecations(source.deprecations, channels, bundles),
  };
}

function redirect(
  definition: PackageDefinition,
  defaultChannel: string | undefined,
): PackageDefinition {
  if (defaultChannel === undefined || definition.defaultChannel === defaultChannel)
    return definition;
  return { ...definition, defaultChannel, isChanged: true };
}

function keepChannel(
  channel: CatalogChannel,
  names: ReadonlySet<string> | undefined,
): readonly CatalogChannel[] {
  const entries = channel.entries.filter(({ name }) => names?.has(name) === true);
  if (entries.length === 0) return [];
  if (entries.length === channel.entries.length) return [channel];
  return [{ ...channel, entries, isChanged: true }];
}

function keepBundles(
  source: CatalogPackage,
  channels: readonly CatalogChannel[],
): readonly CatalogBundle[] {
  // Without channels nothing tells which bundles are wanted.
  if (source.channels.length === 0) return source.bundles;
  const names = new Set(channels.flatMap(({ entries }) => entries.map(({ name }) => name)));
  return source.bundles.filter(({ name }) => names.has(name));
}

function keepDeprecations(
  deprecations: readonly CatalogDeprecations[],
  channels: readonly CatalogChannel[],
  bundles: readonly CatalogBundle[],
): readonly CatalogDeprecations[] {
  const channelNames = new Set(channels.map(({ name }) => name));
  const bundleNames = new Set(bundles.map(({ name }) => name));
  const isThere = ({ reference: { schema, name = '' } }: DeprecationEntry): boolean => {
    if (schema === 'olm.channel') return channelNames.has(name);
    if (schema === 'olm.bundle') return bundleNames.has(name);
    return true;
  };
  return deprecations.map((document) => {
    // A document that is left without entries is valid, and stays.
    const entries = document.entries.filter(isThere);
    return entries.length === document.entries.length
      ? document
      : { ...document, entries, isChanged: true };
  });
}
