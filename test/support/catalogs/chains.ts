import { fixtureBundle, jsonOf } from './fixture-catalog.ts';

/** The files of a package whose channels are chains of versions, each replacing the one before; the first is the default. */
export function chains(
  name: string,
  channels: Readonly<Record<string, readonly string[]>>,
): Record<string, string> {
  const entry = (version: string): string => `${name}.v${version}`;
  const documents = [
    { schema: 'olm.package', name, defaultChannel: Object.keys(channels)[0] ?? '' },
    ...Object.entries(channels).map(([channel, versions]) => ({
      schema: 'olm.channel',
      package: name,
      name: channel,
      entries: versions.map((version, index) => {
        const before = versions[index - 1];
        const replaces = before === undefined ? {} : { replaces: entry(before) };
        return { name: entry(version), ...replaces };
      }),
    })),
    ...[...new Set(Object.values(channels).flat())].map((version) => fixtureBundle(name, version)),
  ];
  return { [`${name}/catalog.json`]: jsonOf(documents) };
}
