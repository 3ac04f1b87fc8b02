import { describe, expect, it } from 'vitest';
import { FIXTURE_FILES, fixtureBundle } from '../../../test/support/catalogs/fixture-catalog.ts';
import { catalogOf, documentsOf } from '../../../test/support/catalogs/model-from-documents.ts';
import { RICH_FILES } from '../../../test/support/catalogs/rich-catalog.ts';
import { type Listed, formatList, formatListJson } from './format-list.ts';
import { type ListedPart, readList } from './read-list.ts';

const { signal } = new AbortController();
const FIXTURE = documentsOf(FIXTURE_FILES);

function named(displayName: string): object {
  return { type: 'olm.csv.metadata', value: { displayName } };
}

/** A package with one channel, whose bundles have display names. */
function smallPackage(name: string, entries: readonly object[], versions: readonly string[]) {
  return [
    { schema: 'olm.package', name, defaultChannel: 'main' },
    { schema: 'olm.channel', package: name, name: 'main', entries },
    ...versions.map((version) => ({
      schema: 'olm.bundle',
      ...fixtureBundle(name, version, { properties: [named(`${name} ${version}`)] }),
    })),
  ];
}

describe('readList', () => {
  it.each([
    {
      part: {},
      text: [
        'NAME    DISPLAY NAME  DEFAULT CHANNEL',
        'gadget                stable',
        'patchy                main',
        'widget                stable-4',
      ],
    },
    {
      part: { package: 'gadget' },
      text: [
        'NAME    DISPLAY NAME  DEFAULT CHANNEL',
        'gadget                stable',
        '',
        'PACKAGE  CHANNEL  HEAD',
        'gadget   fast     gadget.v2.1.0',
        'gadget   old      gadget.v1.1.0',
        'gadget   stable   gadget.v2.0.0',
      ],
    },
    {
      // By bundle name as text, told by version property.
      part: { package: 'patchy', channel: 'main' },
      text: ['VERSIONS', '0.9.0', '0.9.0+1.p', '0.9.1'],
    },
  ])('shows $part of the fixture as the reference tool does', async ({ part, text }) => {
    const listed = await readList(catalogOf(FIXTURE), part, signal);

    expect(formatList(listed)).toBe(`${text.join('\n')}\n`);
  });

  it('takes the display name of the highest version, whatever the order of the bundles', async () => {
    const entries = ['1.10.0', '1.9.0', '1.10.0-rc.1'].map((version, index, all) => ({
      name: `one.v${version}`,
      ...(index < 2 ? { replaces: `one.v${all[index + 1] ?? ''}` } : {}),
    }));
    const documents = smallPackage('one', entries, ['1.9.0', '1.10.0', '1.10.0-rc.1']);

    const listed = await readList(catalogOf(documents), { package: 'one' }, signal);

    expect(listed).toMatchObject({ package: { displayName: 'one 1.10.0' } });
  });

  it.each([
    { part: { package: 'gadgit' }, hint: 'Did you mean "gadget"?' },
    { part: { package: 'gadget', channel: 'stabel' }, hint: 'Did you mean "stable"?' },
    {
      part: { package: 'gadget', channel: 'zzz' },
      hint: 'Without this flag all of them are listed.',
    },
  ])('does not find $part', async ({ part, hint }) => {
    const reading = readList(catalogOf(FIXTURE), part, signal);

    await expect(reading).rejects.toMatchObject({ code: 'CATALOG_SELECTION', hint });
  });

  it.each([{}, { package: 'gadget' }])(
    'refuses an invalid catalog as a whole, asked for %j',
    async (part: ListedPart) => {
      const broken = smallPackage('lacking', [{ name: 'lacking.v1.0.0' }], []);

      const reading = readList(catalogOf([...FIXTURE, ...broken]), part, signal);

      await expect(reading).rejects.toMatchObject({ code: 'CATALOG_INVALID' });
      await expect(reading).rejects.toThrow(/package "lacking"/);
    },
  );

  it('leaves out packages that only other documents name', async () => {
    const note = { schema: 'com.example.note', package: 'noted', name: 'a' };

    const listed = await readList(catalogOf([...FIXTURE, note]), {}, signal);

    expect(formatList(listed)).not.toContain('noted');
  });
});

describe('formatList', () => {
  it('says why a channel has no head', () => {
    const channels = [
      { name: 'main', head: { problem: 'no channel head found in graph' }, bundles: [] },
    ];
    const summary = { name: 'one', displayName: '', defaultChannel: 'main', channels };

    const text = formatList({ kind: 'package', package: summary });

    expect(text).toMatch(/\none {6}main {5}ERROR: no channel head found in graph\n$/);
  });
});

describe('formatListJson', () => {
  it('has what the tables show, and the bundles of a channel', async () => {
    const documents = documentsOf({ 'tower.json': RICH_FILES['tower/catalog.json'] ?? '' });
    const part = { package: 'tower', channel: 'beta' };
    const listed: Listed = await readList(catalogOf(documents), part, signal);
    const catalog = { reference: 'a.b/c:d', digest: `sha256:${'0'.repeat(64)}` };

    const value = JSON.parse(formatListJson(listed, catalog)) as unknown;

    expect(value).toEqual({
      ...catalog,
      packages: [
        {
          name: 'tower',
          displayName: 'Tower Three',
          defaultChannel: 'beta',
          channels: [
            {
              name: 'beta',
              head: 'tower.v1.1.0',
              bundles: [
                { name: 'tower.v1.0.0', version: '1.0.0' },
                { name: 'tower.v1.1.0', version: '1.1.0' },
              ],
            },
          ],
        },
      ],
    });
  });

  it('says which catalogs of a version are there', () => {
    const listed = {
      kind: 'catalogs',
      version: '4.20',
      catalogs: [{ reference: 'a.b/c:d', isThere: true }],
    } as const;

    expect(JSON.parse(formatListJson(listed))).toEqual({
      version: '4.20',
      catalogs: [{ reference: 'a.b/c:d', available: true }],
    });
  });
});
