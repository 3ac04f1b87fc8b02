import { describe, expect, it } from 'vitest';
import type { Lock, LockedBundle, LockedImage } from '../lock/lock.ts';
import type { Digest } from '../oci/digest.ts';
import { listedImages, nextCatalogs } from './next-catalogs.ts';
import type { PlannedCatalog } from './planned-catalog.ts';

const CATALOG = 'redhat/index:v4.18';
const NOTHING = { kept: new Set<string>(), rebuilt: new Map<string, never>() };
const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}` as Digest;

function bundle(name: string, images: readonly string[], over: Partial<LockedBundle> = {}) {
  return {
    catalog: CATALOG,
    package: 'gadget',
    bundle: name,
    version: '1.0.0',
    channels: ['stable'],
    images,
    ...over,
  } satisfies LockedBundle;
}

function planned(over: Partial<PlannedCatalog> = {}): PlannedCatalog {
  return {
    destination: CATALOG,
    name: 'index-v4-18',
    source: 'registry.redhat.io/redhat/index:v4.18',
    sourceDigest: digest('a'),
    inputs: digest('1'),
    bundles: [],
    without: [],
    packages: [],
    entries: [],
    previousBundles: [],
    ...over,
  };
}

function linesAt(...destinations: readonly string[]): Pick<Lock, 'images' | 'deleting'> {
  return { images: destinations.map(imageAt), deleting: [] };
}

function imageAt(destination: string): LockedImage {
  const facts = { digest: digest('b'), source: 'q.io/x:1', kind: 'bundle', bytes: 1 } as const;
  return { ...facts, destination, wantedBy: [] };
}

function lockWith(bundles: readonly LockedBundle[], destination = CATALOG): Lock {
  const { name, source, sourceDigest } = planned();
  return {
    version: 1,
    mirror: 'm',
    destination: 'reg.io',
    source: { commit: 'c', branch: 'main' },
    configurations: [],
    deletions: [],
    images: [],
    deleting: [],
    catalogs: [{ destination, name, source, sourceDigest, inputs: digest('0') }],
    bundles,
    releases: [],
  };
}

describe('nextCatalogs', () => {
  it('has the line of a catalog that is there, and its bundles', () => {
    const bundles = [bundle('gadget.v1', ['op/b1:1'])];
    const next = nextCatalogs(
      [planned({ bundles })],
      undefined,
      linesAt(CATALOG, 'op/b1:1'),
      NOTHING,
    );
    expect(next.catalogs).toEqual([
      {
        destination: CATALOG,
        name: 'index-v4-18',
        source: 'registry.redhat.io/redhat/index:v4.18',
        sourceDigest: digest('a'),
        inputs: digest('1'),
      },
    ]);
    expect(next.bundles).toEqual(bundles);
  });

  it('has no line of a catalog that never arrived, nor of its bundles', () => {
    const bundles = [bundle('gadget.v1', ['op/b1:1'])];
    const next = nextCatalogs([planned({ bundles })], undefined, linesAt('op/b1:1'), NOTHING);
    expect(next).toEqual({ catalogs: [], bundles: [] });
  });

  it('keeps a bundle that the catalog lists no longer while an image of it is there', () => {
    const old = bundle('gadget.v1', ['op/b1:1', 'op/shared:1']);
    const gone = bundle('gadget.v0', ['op/b0:1']);
    const now = bundle('gadget.v2', ['op/b2:1', 'op/shared:1']);
    const next = nextCatalogs(
      [planned({ bundles: [now], previousBundles: [old] })],
      lockWith([old, gone]),
      linesAt(CATALOG, 'op/b1:1', 'op/b2:1', 'op/shared:1'),
      NOTHING,
    );
    expect(next.bundles).toEqual([{ ...old, unlisted: true }, now]);
  });

  it('lists a bundle again that comes back', () => {
    const back = bundle('gadget.v1', ['op/b1:1']);
    const next = nextCatalogs(
      [planned({ bundles: [back] })],
      lockWith([{ ...back, unlisted: true }]),
      linesAt(CATALOG, 'op/b1:1'),
      NOTHING,
    );
    expect(next.bundles).toEqual([back]);
  });

  it('keeps the published catalog, and what it should become, where the new one is not published', () => {
    const before = bundle('gadget.v1', ['op/b1:1']);
    const lock = lockWith([before]);
    const [previous] = lock.catalogs;
    const kept = { kept: new Set([CATALOG]), rebuilt: new Map() };
    const catalogs = [
      planned({
        sourceDigest: digest('e'),
        bundles: [bundle('gadget.v2', ['op/b2:1'])],
        previousBundles: [before],
        ...(previous === undefined ? {} : { previous }),
      }),
    ];
    const next = nextCatalogs(catalogs, lock, linesAt(CATALOG, 'op/b1:1', 'op/b2:1'), kept);
    expect(next).toEqual({
      catalogs: [{ ...previous, sourceDigest: digest('e') }],
      bundles: [before],
    });
    expect([...listedImages(catalogs, kept)]).toEqual(['op/b1:1']);
  });

  it('says what a catalog was built without', () => {
    const rebuilt = new Map([
      [
        CATALOG,
        {
          digest: digest('d'),
          inputs: digest('2'),
          bundles: [bundle('gadget.v1', ['op/b1:1'])],
          without: ['gadget.v2', 'gadget.v2', 'gadget.v1.5'],
        },
      ],
    ]);
    const next = nextCatalogs([planned()], undefined, linesAt(CATALOG, 'op/b1:1'), {
      kept: new Set(),
      rebuilt,
    });
    expect(next.catalogs).toMatchObject([
      { inputs: digest('2'), without: ['gadget.v1.5', 'gadget.v2'] },
    ]);
    expect(next.bundles).toMatchObject([{ bundle: 'gadget.v1' }]);
  });

  it('keeps a catalog that nobody wants with its bundles while its image is there', () => {
    const old = bundle('gadget.v1', ['op/b1:1']);
    const next = nextCatalogs([], lockWith([old]), linesAt(CATALOG, 'op/b1:1'), NOTHING);
    expect(next).toEqual({ catalogs: lockWith([]).catalogs, bundles: [old] });
    expect(nextCatalogs([], lockWith([old]), linesAt(), NOTHING)).toEqual({
      catalogs: [],
      bundles: [],
    });
  });

  it('keeps a catalog that is leaving with its bundles, since its delete may be called off', () => {
    const old = bundle('gadget.v1', ['op/b1:1']);
    const deleting = [CATALOG, 'op/b1:1'].map((destination) => {
      const { wantedBy, ...line } = imageAt(destination);
      return { ...line, since: 'c', reason: 'delete.yaml' };
    });
    const next = nextCatalogs([], lockWith([old]), { images: [], deleting }, NOTHING);
    expect(next).toEqual({ catalogs: lockWith([]).catalogs, bundles: [old] });
  });
});
