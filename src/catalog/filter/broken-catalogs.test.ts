import { expect, it } from 'vitest';
import {
  type ModelDocument,
  catalogOf,
} from '../../../test/support/catalogs/model-from-documents.ts';
import type { OperatorPackage } from '../../imageset/operators-content.ts';
import type { ChannelEntry } from '../catalog-package.ts';
import type { FilteredCatalog } from '../catalog-selection.ts';
import { filterCatalog } from './filter-catalog.ts';
import { SelectionFailure } from './selection-failure.ts';

const signal = new AbortController().signal;

interface Asked {
  readonly full?: boolean;
  readonly packages?: readonly OperatorPackage[];
}

function bundle(
  name: string,
  version = name.replace(/^.*?\.v/, ''),
  owner = 'gadget',
): ModelDocument {
  return {
    schema: 'olm.bundle',
    package: owner,
    name,
    image: 'quay.io/example/bundle:1',
    properties: [{ type: 'olm.package', value: { packageName: owner, version } }],
  };
}

/** A package `gadget` with one channel `stable`, and a bundle for every entry but the missing ones. */
function gadget(
  entries: readonly ChannelEntry[],
  missing: readonly string[] = [],
): ModelDocument[] {
  const names = entries.map(({ name }) => name).filter((name) => !missing.includes(name));
  return [
    { schema: 'olm.package', name: 'gadget', defaultChannel: 'stable' },
    { schema: 'olm.channel', package: 'gadget', name: 'stable', entries },
    ...[...new Set(names)].map((name) => bundle(name)),
  ];
}

const SOUND: readonly ModelDocument[] = [
  { schema: 'olm.package', name: 'sound', defaultChannel: 'stable' },
  { schema: 'olm.channel', package: 'sound', name: 'stable', entries: [{ name: 'sound.v1.0.0' }] },
  bundle('sound.v1.0.0', '1.0.0', 'sound'),
];

async function filter(documents: readonly ModelDocument[], asked: Asked): Promise<FilteredCatalog> {
  return await filterCatalog(catalogOf(documents), { full: false, ...asked }, signal);
}

async function failureOf(
  documents: readonly ModelDocument[],
  asked: Asked,
): Promise<SelectionFailure> {
  const error: unknown = await filter(documents, asked).catch((caught: unknown) => caught);
  if (error instanceof SelectionFailure) return error;
  throw new Error('no SelectionFailure was thrown', { cause: error });
}

function namesOf({ packages }: FilteredCatalog): string[] {
  return packages.flatMap(({ channels }) =>
    channels.flatMap(({ entries }) => entries.map(({ name }) => name)),
  );
}

const TWO_HEADS = [{ name: 'gadget.v1.0.0' }, { name: 'gadget.v2.0.0' }];
const CYCLE = [
  { name: 'gadget.v1.0.0', replaces: 'gadget.v2.0.0' },
  { name: 'gadget.v2.0.0', replaces: 'gadget.v1.0.0' },
  { name: 'gadget.v3.0.0', replaces: 'gadget.v2.0.0' },
];
const NO_HEAD = CYCLE.slice(0, 2);

it.each([
  {
    id: 'two heads',
    entries: TWO_HEADS,
    says: 'multiple channel heads found: [gadget.v1.0.0 gadget.v2.0.0]',
  },
  {
    id: 'a cycle below the head',
    entries: CYCLE,
    says: 'cycle of "gadget.v1.0.0", "gadget.v2.0.0"',
  },
  { id: 'no head', entries: NO_HEAD, says: 'no channel head found in graph' },
  { id: 'no entries', entries: [], says: 'no entries' },
  {
    id: 'an entry twice',
    entries: [{ name: 'gadget.v1.0.0' }, { name: 'gadget.v1.0.0' }],
    says: 'several entries "gadget.v1.0.0"',
  },
  {
    id: 'an entry that skips itself',
    entries: [{ name: 'gadget.v1.0.0', skips: ['gadget.v1.0.0'] }],
    says: '"gadget.v1.0.0" replaces or skips itself',
  },
  {
    id: 'entries that only a skipRange links (E27)',
    entries: [{ name: 'gadget.v1.0.0' }, { name: 'gadget.v2.0.0', skipRange: '<2.0.0' }],
    says: 'multiple channel heads found',
  },
])('refuses the heads of a catalog in which a channel has $id (E22)', async ({ entries, says }) => {
  const documents = [...gadget(entries), ...SOUND];

  const unlisted = await failureOf(documents, {});
  const listed = await failureOf(documents, { packages: [{ name: 'gadget' }, { name: 'sound' }] });

  const message = `package "gadget", channel "stable": `;
  expect(unlisted.findings).toHaveLength(1);
  expect(unlisted.findings[0]?.message).toContain(message);
  expect(unlisted.findings[0]?.message).toContain(says);
  expect(unlisted.findings[0]?.hint).toContain('list the packages');
  expect(listed.findings).toMatchObject([{ package: 0, path: [] }]);
  expect(namesOf(await filter(documents, { packages: [{ name: 'sound' }] }))).toEqual([
    'sound.v1.0.0',
  ]);
});

it('copies a broken channel with the whole catalog as it is (E23)', async () => {
  const filtered = await filter(gadget(TWO_HEADS), { full: true });

  expect(namesOf(filtered)).toEqual(['gadget.v1.0.0', 'gadget.v2.0.0']);
});

it('refuses a broken channel of a listed package, full or not (E23)', async () => {
  const failure = await failureOf(gadget(TWO_HEADS), {
    full: true,
    packages: [{ name: 'gadget' }],
  });

  expect(failure.findings).toMatchObject([{ package: 0, path: [] }]);
  expect(failure.findings[0]?.hint).toContain('The catalog itself is broken');
});

it('takes one bundle of a broken channel by its version', async () => {
  const packages = [{ name: 'gadget', minVersion: '1.0.0', maxVersion: '1.0.0' }];

  const filtered = await filter(gadget(TWO_HEADS), { packages });

  expect(namesOf(filtered)).toEqual(['gadget.v1.0.0']);
});

it('does not keep an entry that is reached only over a skipped one (E24)', async () => {
  const documents = gadget([
    { name: 'gadget.v1.0.0' },
    { name: 'gadget.v1.1.0', replaces: 'gadget.v1.0.0' },
    { name: 'gadget.v1.2.0', skips: ['gadget.v1.1.0'] },
  ]);

  const filtered = await filter(documents, { packages: [{ name: 'gadget', minVersion: '1.0.0' }] });

  expect(namesOf(filtered)).toEqual(['gadget.v1.1.0', 'gadget.v1.2.0']);
});

it('refuses a kept entry without bundle, and does not mind one that goes (E25)', async () => {
  const entries = [{ name: 'gadget.v1.0.0' }, { name: 'gadget.v2.0.0', replaces: 'gadget.v1.0.0' }];

  const failure = await failureOf(gadget(entries, ['gadget.v2.0.0']), {});
  const filtered = await filter(gadget(entries, ['gadget.v1.0.0']), {});

  expect(failure.findings[0]?.message).toContain('no bundle of the package has that name');
  expect(namesOf(filtered)).toEqual(['gadget.v2.0.0']);
});

it.each(['', 'v1.0.0', '1.0', 'newest'])(
  'refuses a package with a bundle of version "%s", whether it is wanted or not',
  async (version) => {
    const entries = [
      { name: 'gadget.v1.0.0' },
      { name: 'gadget.v2.0.0', replaces: 'gadget.v1.0.0' },
    ];
    const documents = [
      ...gadget(entries, ['gadget.v1.0.0']),
      bundle('gadget.v1.0.0', version),
      ...SOUND,
    ];

    const failure = await failureOf(documents, {
      packages: [{ name: 'sound' }, { name: 'gadget' }],
    });
    const filtered = await filter(documents, { packages: [{ name: 'sound' }] });

    expect(failure.findings).toMatchObject([{ package: 1 }]);
    expect(failure.findings[0]?.message).toContain('"gadget.v1.0.0"');
    expect(namesOf(filtered)).toEqual(['sound.v1.0.0']);
  },
);

it('refuses a package whose default channel the catalog does not have', async () => {
  const documents = gadget([{ name: 'gadget.v1.0.0' }]).map((document) =>
    document.schema === 'olm.package' ? { ...document, defaultChannel: 'gone' } : document,
  );

  const unlisted = await failureOf(documents, {});
  const listed = await failureOf(documents, { packages: [{ name: 'gadget' }] });

  expect(unlisted.findings).toMatchObject([{ path: [] }]);
  expect(listed.findings).toMatchObject([{ package: 0, path: [] }]);
  expect(listed.findings[0]?.hint).toContain('defaultChannel: stable');
});

it('leaves bundles with images that cannot be read to whoever lists the images', async () => {
  const broken = { ...bundle('gadget.v1.0.0'), relatedImages: [{ name: '', image: 'oci://here' }] };
  const documents = [...gadget([{ name: 'gadget.v1.0.0' }], ['gadget.v1.0.0']), broken];

  const filtered = await filter(documents, {});

  expect(namesOf(filtered)).toEqual(['gadget.v1.0.0']);
});

it('keeps documents of unknown schemas for a package that is none', async () => {
  const note = { schema: 'com.example.note', package: 'future', name: 'note' };

  const heads = await filter([...SOUND, note], {});
  const listed = await filter([...SOUND, note], {
    packages: [{ name: 'sound' }, { name: 'future' }],
  });
  const alone = await failureOf([...SOUND, note], { packages: [{ name: 'future' }] });

  expect(heads.packages.map(({ name, others }) => [name, others.length])).toEqual([
    ['future', 1],
    ['sound', 0],
  ]);
  expect(listed.warnings).toMatchObject([{ package: 1, path: ['name'] }]);
  expect(alone.findings).toMatchObject([{ package: 0, path: ['name'] }]);
});
