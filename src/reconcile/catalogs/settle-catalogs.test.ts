import { describe, expect, it } from 'vitest';
import { ControllerError } from '../../base/controller-error.ts';
import type { LockedBundle } from '../../lock/lock.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';
import type { Plan, PlannedImage } from '../../plan/plan.ts';
import type { PlannedCatalog } from '../../plan/planned-catalog.ts';
import type { CatalogBuilder } from './catalog-builder.ts';
import { settleCatalogs } from './settle-catalogs.ts';

const CATALOG = 'redhat/index:v4.18';
const PLACE = { host: 'reg.io', repository: 'redhat/index', tag: 'v4.18' };
const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}` as Digest;
const ENTRY = {
  position: { path: 'a.yaml', line: 9, column: 9 },
  field: 'mirror.operators[0].packages[0]',
};
const SOURCE = { name: 'built' } as ImageSource;
const signal = new AbortController().signal;

function bundle(name: string): LockedBundle {
  return {
    catalog: CATALOG,
    package: 'gadget',
    bundle: name,
    version: '1.0.0',
    channels: ['stable'],
    images: [`op/${name}:1`],
  };
}

const IMAGE: PlannedImage = {
  place: PLACE,
  destination: CATALOG,
  digest: digest('a'),
  sources: [{ source: 'q.io/index:v4.18', wantedBy: ['a.yaml'] }],
  kind: 'catalog',
  entries: [],
};

function settle({
  catalog = {},
  missing = [],
  lists = () => true,
}: {
  catalog?: Partial<PlannedCatalog>;
  /** Names of bundles whose image is not there. */
  missing?: readonly string[];
  /** Which bundles the catalog lists that is built without those; throws where it cannot be built. */
  lists?: (bundle: string) => boolean;
}) {
  const planned: PlannedCatalog = {
    destination: CATALOG,
    name: 'index-v4-18',
    source: 'q.io/index:v4.18',
    sourceDigest: digest('5'),
    inputs: digest('1'),
    bundles: [bundle('v1'), bundle('v2')],
    without: [],
    packages: [{ name: 'gadget', entry: ENTRY }],
    entries: [],
    previousBundles: [],
    ...catalog,
  };
  const builder: CatalogBuilder = {
    select: () => Promise.reject(new Error('nothing is to be read')),
    build: (without) => {
      const left = planned.bundles.filter(
        (one) => !without.some((fault) => fault.bundle === one.bundle) && lists(one.bundle),
      );
      const bundles = left.map((one) => ({ ...one, sources: [] }));
      return Promise.resolve({ digest: digest('b'), inputs: digest('2'), image: SOURCE, bundles });
    },
  };
  return settleCatalogs(
    {
      plan: { catalogs: [planned] } as unknown as Plan,
      images: [IMAGE],
      builders: new Map([['reg.io/redhat/index:v4.18', builder]]),
      reasonOf: (destination) =>
        missing.some((name) => destination === `op/${name}:1`) ? 'manifest unknown' : undefined,
    },
    signal,
  );
}

describe('settleCatalogs', () => {
  it('publishes a catalog as it was planned where everything is there', async () => {
    const settled = await settle({});
    expect(settled.images).toEqual([IMAGE]);
    expect(settled.outcome).toEqual({ kept: new Set(), rebuilt: new Map() });
    expect(settled.failures).toEqual([]);
  });

  it('leaves out a bundle that misses an image, and says why', async () => {
    const settled = await settle({ missing: ['v2'] });
    expect(settled.images).toEqual([{ ...IMAGE, digest: digest('b') }]);
    expect(settled.sources.get(digest('b'))).toBe(SOURCE);
    expect(settled.outcome.rebuilt.get(CATALOG)).toMatchObject({
      digest: digest('b'),
      inputs: digest('2'),
      bundles: [bundle('v1')],
      without: ['v2'],
    });
    expect(settled.failures).toMatchObject([{ wanted: 'bundle v2', entries: [ENTRY] }]);
    expect(settled.failures[0]?.error.message).toContain('op/v2:1: manifest unknown');
  });

  it('says in the lock what was left out before, too', async () => {
    const without = [
      { package: 'gadget', bundle: 'v0', channels: [], reason: 'related image is empty' },
    ];
    const settled = await settle({ catalog: { without }, missing: ['v2'] });
    expect(settled.outcome.rebuilt.get(CATALOG)?.without).toEqual(['v0', 'v2']);
  });

  it('keeps the published catalog where the new one would lack a bundle of it', async () => {
    const settled = await settle({
      catalog: { previousBundles: [bundle('v2')] },
      missing: ['v2'],
    });
    expect(settled.images).toEqual([]);
    expect(settled.outcome.kept).toEqual(new Set([CATALOG]));
    expect(settled.failures[0]?.error.message).toContain('v2 (op/v2:1: manifest unknown)');
  });

  it('names the first of many bundles that would be lost', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const many = names.map((name) => bundle(name));
    const settled = await settle({
      catalog: { bundles: many, previousBundles: many },
      missing: names,
    });
    expect(settled.failures[0]?.error.message).toMatch(/, a \(.*, e \(.*, 2 more$/);
  });

  it('keeps it also where the bundle goes because of another one, or was left out at once', async () => {
    const previousBundles = [bundle('v1')];
    const other = await settle({
      catalog: { previousBundles },
      missing: ['v2'],
      lists: (name) => name !== 'v1',
    });
    const known = await settle({
      catalog: {
        previousBundles,
        bundles: [bundle('v2')],
        without: [{ package: 'gadget', bundle: 'v1', channels: [], reason: 'x' }],
      },
    });
    expect([other.outcome.kept.size, known.outcome.kept.size]).toEqual([1, 1]);
  });

  it('lets a bundle go that the filter selects no longer', async () => {
    const settled = await settle({
      catalog: { previousBundles: [bundle('v0'), bundle('v1')] },
      missing: ['v2'],
    });
    expect(settled.outcome.kept).toEqual(new Set());
    expect(settled.outcome.rebuilt.size).toBe(1);
  });

  it('keeps what is published where nothing valid is left', async () => {
    const settled = await settle({
      missing: ['v2'],
      lists: () => {
        throw new ControllerError('CATALOG_SELECTION', 'two heads', { remedy: 'retry-later' });
      },
    });
    expect(settled.outcome.kept).toEqual(new Set([CATALOG]));
    expect(settled.failures.map(({ error }) => error.message)).toEqual(['two heads']);
  });
});
