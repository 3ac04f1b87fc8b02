import { describe, expect, it } from 'vitest';
import type { ImageSetDocument } from '../../imageset/image-set-document.ts';
import { loadImageSets } from '../../imageset/load-image-sets.ts';
import type { Lock, LockedBundle, LockedCatalog } from '../../lock/lock.ts';
import { parseDestination } from '../../oci/destination.ts';
import type { Digest } from '../../oci/digest.ts';
import { type ChosenForDelete, chooseForDelete } from './choose-for-delete.ts';

const DESTINATION = parseDestination('reg.io/site');
const SHA = `sha256:${'ab'.repeat(32)}` as Digest;

/** `PACKAGE.vVERSION CHANNEL,CHANNEL`. */
function bundle(text: string, catalog = 'team/cat:v1', over: Partial<LockedBundle> = {}) {
  const [name = '', channels = 'stable'] = text.split(' ');
  const [, packageName = '', version = ''] = /^(.+?)\.v(.+)$/.exec(name) ?? [];
  return {
    ...{ catalog, package: packageName, bundle: name, version, images: [] },
    channels: channels.split(','),
    ...over,
  } satisfies LockedBundle;
}

function catalog(destination: string, source: string): LockedCatalog {
  return { destination, name: destination.replaceAll(/[/:]/g, '-'), source, sourceDigest: SHA };
}

const LOCK: Pick<Lock, 'catalogs' | 'bundles'> = {
  catalogs: [
    catalog('team/cat:v1', 'q.io/team/cat:v1'),
    catalog('my/own:t', 'q.io/team/other:v1'),
    catalog('deep/one:v1', 'q.io/deep/one:v1'),
    catalog('deep/two:v1', 'q.io/deep/one:v1'),
    catalog(`digest/cat:${SHA.replace(':', '-')}`, `q.io/digest/cat@${SHA}`),
  ],
  bundles: [
    bundle('gadget.v1.0.0 stable,old'),
    bundle('gadget.v1.1.0 stable,old', 'team/cat:v1', { unlisted: true }),
    bundle('gadget.v2.0.0 stable,fast'),
    bundle('gadget.v2.1.0 fast'),
    bundle('widget.v4.8.0-10 stable-4'),
    bundle('widget.v4.9.0-3 stable-4'),
    bundle('patchy.v0.9.0 main'),
    bundle('patchy.v0.9.0+1.p main'),
    bundle('odd.v1 main', 'team/cat:v1', { version: '' }),
    bundle('gadget.v9.0.0', 'my/own:t'),
    bundle('gadget.v8.0.0', 'deep/one:v1'),
    bundle('gadget.v8.0.0', 'deep/two:v1'),
    bundle('gone.v1.0.0', 'gone/cat:v1', { unlisted: true }),
    bundle('pin.v1.0.0', `digest/cat:${SHA.replace(':', '-')}`),
  ],
};

const CATALOG = 'catalog: q.io/team/cat:v1';

describe('chooseForDelete', () => {
  it.each([
    { name: 'a package', packages: '{name: widget}', chosen: ['4.8.0-10', '4.9.0-3'] },
    {
      name: 'a package, what is listed no longer too',
      packages: '{name: gadget}',
      chosen: ['1.0.0', '1.1.0', '2.0.0', '2.1.0'],
    },
    {
      name: 'a channel',
      packages: '{name: gadget, channels: [{name: old}]}',
      chosen: ['1.0.0', '1.1.0'],
    },
    {
      name: 'two channels',
      packages: '{name: gadget, channels: [{name: old}, {name: fast}]}',
      chosen: ['1.0.0', '1.1.0', '2.0.0', '2.1.0'],
    },
    {
      name: 'a range of a channel',
      packages: '{name: gadget, channels: [{name: fast, minVersion: 2.1.0}]}',
      chosen: ['2.1.0'],
    },
    {
      name: 'a range of the package, in its channels',
      packages: '{name: gadget, maxVersion: 2.0.0, channels: [{name: fast}]}',
      chosen: ['2.0.0'],
    },
    {
      name: 'up to a version',
      packages: '{name: gadget, maxVersion: 1.1.0}',
      chosen: ['1.0.0', '1.1.0'],
    },
    {
      name: 'up to a part of a version',
      packages: '{name: gadget, maxVersion: "2.0"}',
      chosen: ['1.0.0', '1.1.0', '2.0.0'],
    },
    {
      name: 'from a version on',
      packages: '{name: gadget, minVersion: v2}',
      chosen: ['2.0.0', '2.1.0'],
    },
    {
      name: 'one version',
      packages: '{name: gadget, minVersion: 1.1.0, maxVersion: 1.1.0}',
      chosen: ['1.1.0'],
    },
    {
      name: 'the one version of two that is written',
      packages: '{name: patchy, minVersion: 0.9.0, maxVersion: 0.9.0}',
      chosen: ['0.9.0'],
    },
    {
      name: 'both versions that differ in what does not count',
      packages: '{name: patchy, minVersion: 0.9.0+x, maxVersion: 0.9.0+x}',
      chosen: ['0.9.0', '0.9.0+1.p'],
    },
    {
      name: 'pre-releases',
      packages: '{name: widget, maxVersion: 4.8.0-99}',
      chosen: ['4.8.0-10'],
    },
    {
      name: 'bundles',
      packages: '{name: gadget, bundles: [{name: gadget.v2.1.0}, {name: gadget.v1.0.0}]}',
      chosen: ['1.0.0', '2.1.0'],
    },
    {
      name: 'all of a package with a bundle without version',
      packages: '{name: odd}',
      chosen: [''],
    },
  ])('names $name', ({ packages, chosen }) => {
    const { bundles, catalogs, warnings } = choose(`{${CATALOG}, packages: [${packages}]}`);

    expect(bundles.map((one) => one.bundle.version)).toEqual(chosen);
    expect(new Set(bundles.map((one) => one.entry.field))).toEqual(
      new Set(['delete.operators[0].packages[0]']),
    );
    expect(catalogs).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('names the image of the catalog and all of its bundles by an entry without packages alone', () => {
    const { bundles, catalogs, warnings } = choose(`{${CATALOG}}`);

    expect(bundles).toHaveLength(9);
    expect(catalogs).toMatchObject([
      {
        destination: 'team/cat:v1',
        place: { host: 'reg.io', repository: 'site/team/cat', tag: 'v1' },
        source: 'q.io/team/cat:v1',
        entry: { field: 'delete.operators[0]', position: { line: 5, column: 7 } },
      },
    ]);
    expect(warnings).toEqual([]);
  });

  it.each([
    {
      name: 'its target',
      entry: 'catalog: q.io/team/other:v1, targetCatalog: my/own, targetTag: t',
      places: ['my/own:t'],
    },
    {
      name: 'its source, where the target is left out',
      entry: 'catalog: q.io/team/other:v1',
      places: ['my/own:t'],
    },
    {
      name: 'its own place before that of the same source elsewhere',
      entry: 'catalog: q.io/deep/one:v1',
      places: ['deep/one:v1'],
    },
    {
      name: 'its target before its source',
      entry: 'catalog: q.io/deep/one:v1, targetCatalog: deep/two',
      places: ['deep/two:v1'],
    },
    {
      name: 'its digest',
      entry: `catalog: "q.io/digest/cat@${SHA}"`,
      places: [`digest/cat:${SHA.replace(':', '-')}`],
    },
  ])('finds a catalog by $name', ({ entry, places }) => {
    const { bundles, catalogs, warnings } = choose(`{${entry}}`);

    expect(catalogs.map(({ destination }) => destination)).toEqual(places);
    expect(bundles.map((one) => one.bundle.catalog)).toEqual(places);
    expect(warnings).toEqual([]);
  });

  it('finds what is left of a catalog whose image is gone', () => {
    const { bundles } = choose('{catalog: q.io/gone/cat:v1, packages: [{name: gone}]}');
    expect(bundles).toMatchObject([{ bundle: { bundle: 'gone.v1.0.0' } }]);
  });

  it('names the place of a catalog that nobody has, as of an image', () => {
    const { bundles, catalogs, warnings } = choose('{catalog: q.io/none/cat:v1}');
    expect([bundles, catalogs.map(({ destination }) => destination)]).toEqual([
      [],
      ['none/cat:v1'],
    ]);
    expect(warnings).toMatchObject([{ field: 'delete.operators[0].catalog' }]);
  });

  it.each([
    {
      name: 'a catalog that nobody has',
      entry: '{catalog: q.io/none/cat:v1, packages: [{name: gadget}]}',
      warning: ['catalog', 'has nothing of catalog "q.io/none/cat:v1"', '"q.io/team/cat:v1"'],
    },
    {
      name: 'a catalog with another target',
      entry: '{catalog: q.io/team/cat:v1, targetTag: v2, packages: [{name: gadget}]}',
      warning: ['catalog', 'nothing of catalog', 'targetTag'],
    },
    {
      name: 'a package',
      entry: `{${CATALOG}, packages: [{name: gadgets}]}`,
      warning: ['packages[0].name', 'nothing of package "gadgets"', 'Did you mean "gadget"?'],
    },
    {
      name: 'a channel',
      entry: `{${CATALOG}, packages: [{name: gadget, channels: [{name: stale}]}]}`,
      warning: [
        'packages[0].channels[0].name',
        'nothing of channel "stale" of package "gadget"',
        'Did you mean "stable"?',
      ],
    },
    {
      name: 'a range',
      entry: `{${CATALOG}, packages: [{name: gadget, minVersion: 3.0.0}]}`,
      warning: [
        'packages[0]',
        'no version of package "gadget" that is mirrored here is in the range minVersion: 3.0.0',
        '1.0.0, 1.1.0, 2.0.0, 2.1.0',
      ],
    },
    {
      name: 'a range without pre-releases',
      entry: `{${CATALOG}, packages: [{name: widget, minVersion: 4.8.0}]}`,
      warning: ['packages[0]', 'in the range minVersion: 4.8.0', 'Write minVersion: 4.8.0-0'],
    },
    {
      name: 'a bundle',
      entry: `{${CATALOG}, packages: [{name: gadget, bundles: [{name: gadget.v3.0.0}]}]}`,
      warning: ['packages[0].bundles[0].name', 'bundle "gadget.v3.0.0"', 'Did you mean'],
    },
  ])('warns of $name that chooses nothing, with its position', ({ entry, warning }) => {
    const { bundles, warnings } = choose(entry);
    const [field = '', message, hint] = warning;

    expect(bundles).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({
      field: `delete.operators[0].${field}`,
      position: { path: 'delete.yaml', line: 5 },
    });
    expect(warnings[0]?.message).toContain(message);
    expect(warnings[0]?.hint).toContain(hint);
  });
});

function choose(entry: string): ChosenForDelete {
  return chooseForDelete(documentOf(entry), LOCK, DESTINATION);
}

function documentOf(entry: string): ImageSetDocument {
  const head = 'apiVersion: mirror.openshift.io/v2alpha1\nkind: DeleteImageSetConfiguration\n';
  const text = `${head}delete:\n  operators:\n    - ${entry}\n`;
  const { documents, problems } = loadImageSets([{ path: 'delete.yaml', text, named: true }]);
  expect(problems).toEqual([]);
  const [document] = documents;
  if (document === undefined) throw new Error('no document');
  return document;
}
