import { describe, expect, it } from 'vitest';
import {
  INDEX,
  bundle,
  lockOf,
  lockedCatalog,
  plannedCatalog,
} from '../../test/support/sample-catalogs.ts';
import { digest, line, planOf, planned } from '../../test/support/sample-plan.ts';
import type { Lock } from '../lock/lock.ts';
import type { CatalogChange } from './catalog-change.ts';
import { catalogChanges } from './catalog-changes.ts';
import type { PlannedCatalog } from './planned-catalog.ts';

const OTHER_FILE = { configurations: [{ path: 'base.yaml', blob: 'another' }] };
const OLD = [bundle('gadget.v1.0.0', 'stable', 'old'), bundle('gadget.v1.1.0', 'stable')];

/** The change of one catalog that the lock has with the bundles before. */
function changeOf(catalog: Partial<PlannedCatalog>, lock: Partial<Lock> = {}): CatalogChange {
  const before = lockOf({ bundles: OLD, ...lock });
  const [previous] = before.catalogs;
  const one = plannedCatalog({
    bundles: OLD,
    previousBundles: before.bundles,
    ...(previous === undefined ? {} : { previous }),
    ...catalog,
  });
  const [change] = catalogChanges(planOf({ catalogs: [one] }), before);
  if (change === undefined) throw new Error('there is a change for every catalog');
  return change;
}

describe('catalogChanges', () => {
  it('tells a new catalog with all of its bundles, newest first', () => {
    const bundles = ['1.9.0', '1.10.0', '2.0.0-rc.1', '1.10.0+1'].map((version) =>
      bundle(`gadget.v${version}`, 'stable'),
    );
    const plan = planOf({ catalogs: [plannedCatalog({ bundles })] });

    expect(catalogChanges(plan, undefined)).toEqual([
      {
        destination: INDEX,
        name: 'redhat-operator-index-v4-18',
        change: 'new',
        source: { source: `registry.redhat.io/${INDEX}`, digest: digest('1') },
        lost: [],
        counts: { total: 4, added: 4, gone: 0, superseded: 0, leftOut: 0 },
        packages: [
          {
            name: 'gadget',
            change: 'new',
            entry: plan.catalogs[0]?.packages[0]?.entry,
            channels: [
              {
                channel: 'stable',
                added: [
                  'gadget.v2.0.0-rc.1',
                  'gadget.v1.10.0+1',
                  'gadget.v1.10.0',
                  'gadget.v1.9.0',
                ],
                gone: [],
                superseded: [],
              },
            ],
            leftOut: [],
          },
        ],
      },
    ]);
  });

  it('puts bundles last whose version cannot be read', () => {
    const bundles = ['x2', '1.0.0', 'x1', '2.0.0'].map((version) =>
      bundle(`gadget.v${version}`, 'stable'),
    );
    const [change] = catalogChanges(planOf({ catalogs: [plannedCatalog({ bundles })] }), undefined);
    expect(change?.packages[0]?.channels[0]?.added).toEqual(
      ['2.0.0', '1.0.0', 'x1', 'x2'].map((version) => `gadget.v${version}`),
    );
  });

  it('takes a lock of another destination for none', () => {
    const plan = planOf({ catalogs: [plannedCatalog()] });
    const changes = catalogChanges(plan, lockOf({ destination: 'elsewhere.example.com' }));
    expect(changes.map(({ change }) => change)).toEqual(['new']);
    expect(catalogChanges(planOf({}), lockOf({ destination: 'elsewhere.example.com' }))).toEqual(
      [],
    );
  });

  it('finds nothing to tell of a catalog that is as the lock has it', () => {
    expect(changeOf({})).toMatchObject({
      change: 'unchanged',
      counts: { total: 2, added: 0, gone: 0, superseded: 0, leftOut: 0 },
      packages: [],
    });
  });

  it.each<[string, Partial<PlannedCatalog>]>([
    ['another source digest', { sourceDigest: digest('9') }],
    ['another filter', { inputs: digest('9') }],
    ['another source', { source: 'quay.io/other/index:v4.18' }],
    ['a template', { template: 'template.yaml' }],
    ['another name', { name: 'other' }],
  ])('calls a catalog with the same bundles and %s updated', (_what, over) => {
    expect(changeOf(over)).toMatchObject({ change: 'updated', packages: [] });
  });

  it('has the old and the new source digest', () => {
    const source = `registry.redhat.io/${INDEX}`;
    expect(changeOf({ sourceDigest: digest('9') })).toMatchObject({
      source: { source, digest: digest('9') },
      previous: { source, digest: digest('1') },
    });
  });

  const NOW = [bundle('gadget.v1.1.0', 'stable'), bundle('gadget.v2.0.0', 'fast', 'stable')];

  it('calls bundles gone that changed files select no longer', () => {
    const change = changeOf({ bundles: NOW, inputs: digest('9') }, OTHER_FILE);
    expect(change).toMatchObject({
      change: 'updated',
      counts: { total: 2, added: 1, gone: 1, superseded: 0 },
      packages: [
        {
          name: 'gadget',
          change: 'changed',
          channels: [
            { channel: 'fast', added: ['gadget.v2.0.0'], gone: [] },
            { channel: 'old', added: [], gone: ['gadget.v1.0.0'] },
            { channel: 'stable', added: ['gadget.v2.0.0'], gone: ['gadget.v1.0.0'] },
          ],
        },
      ],
    });
  });

  it('calls bundles superseded that leave although no file changed', () => {
    const change = changeOf({ bundles: NOW, sourceDigest: digest('9') });
    expect(change.counts).toMatchObject({ added: 1, gone: 0, superseded: 1 });
    expect(change.packages[0]?.channels[1]).toEqual({
      channel: 'old',
      added: [],
      gone: [],
      superseded: ['gadget.v1.0.0'],
    });
  });

  it('tells a bundle that leaves a channel and stays in another, which counts nothing', () => {
    const [first, second] = OLD;
    if (first === undefined || second === undefined) throw new Error('there are two');
    const change = changeOf({ bundles: [{ ...first, channels: ['stable'] }, second] }, OTHER_FILE);
    expect(change).toMatchObject({
      change: 'updated',
      counts: { added: 0, gone: 0 },
      packages: [{ channels: [{ channel: 'old', gone: ['gadget.v1.0.0'] }] }],
    });
  });

  it('tells packages that come and go', () => {
    const change = changeOf({ bundles: [bundle('pit.v1.0.0', 'alpha')] }, OTHER_FILE);
    expect(change.packages).toMatchObject([
      { name: 'gadget', change: 'gone' },
      { name: 'pit', change: 'new' },
    ]);
    expect(change.packages[0]).not.toHaveProperty('entry');
  });

  const FAULT = {
    package: 'gadget',
    bundle: 'gadget.v2.0.0',
    channels: ['stable'],
    reason: 'quay.io/x is gone',
  };

  it('tells what is left out with its reason, also where that is not new', () => {
    const change = changeOf(
      { without: [FAULT] },
      { catalogs: [lockedCatalog({ without: ['gadget.v2.0.0'] })] },
    );
    expect(change).toMatchObject({
      change: 'unchanged',
      counts: { leftOut: 1 },
      packages: [{ name: 'gadget', change: 'unchanged', channels: [], leftOut: [FAULT] }],
    });
    expect(changeOf({ without: [FAULT] }).change).toBe('updated');
  });

  it('says that the published catalog stays where the new one would lack a bundle of it', () => {
    const lost = { ...FAULT, bundle: 'gadget.v1.1.0' };
    const change = changeOf({ bundles: OLD.slice(0, 1), without: [lost] });
    expect(change).toMatchObject({
      change: 'stays',
      lost: ['gadget.v1.1.0'],
      counts: { gone: 0, superseded: 0, leftOut: 1 },
      packages: [{ channels: [], leftOut: [lost] }],
    });
  });

  it('does not take the bundle of another package with the same name for lost', () => {
    const other = { ...FAULT, package: 'pit', bundle: 'gadget.v1.1.0' };
    expect(changeOf({ bundles: OLD.slice(0, 1), without: [other] }).lost).toEqual([]);
  });

  const CATALOG_LINE = line('x', { destination: INDEX, kind: 'catalog' });

  it.each([
    ['whose entry fails', planOf({ keeps: [CATALOG_LINE] }), 'stays'],
    [
      'that nobody wants any more',
      planOf({ orphans: [{ line: CATALOG_LINE, isNew: true }] }),
      'orphaned',
    ],
    [
      'that nobody wanted before',
      planOf({ orphans: [{ line: CATALOG_LINE, isNew: false }] }),
      'orphan',
    ],
    ['whose delete is called off', planOf({ returns: [CATALOG_LINE] }), 'returned'],
    ['that is deleted', planOf({ deletes: [{ line: CATALOG_LINE, reason: 'prune' }] }), 'gone'],
  ])('tells of a catalog %s what becomes of it', (_what, plan, change) => {
    const unlisted = { ...bundle('gadget.v0.9.0', 'old'), unlisted: true } as const;
    expect(catalogChanges(plan, lockOf({ bundles: [...OLD, unlisted] }))).toMatchObject([
      { destination: INDEX, change, counts: { total: 2, added: 0, gone: 0 }, packages: [] },
    ]);
  });

  it('tells nothing of a catalog that is leaving already', () => {
    const { wantedBy: _wantedBy, ...rest } = CATALOG_LINE;
    const plan = planOf({ deleting: [{ ...rest, since: 'c', reason: 'delete.yaml' }] });
    expect(catalogChanges(plan, lockOf({ bundles: OLD }))).toEqual([]);
  });

  describe('a rename of resources', () => {
    const elsewhere = 'mirrors/index:v4.18';
    const orphans = [{ line: CATALOG_LINE, isNew: true }];
    const moved = plannedCatalog({ destination: elsewhere, name: 'index-v4-18' });

    it.each([
      ['the same source at another destination', moved.source],
      [
        'another tag of the same repository',
        'registry.redhat.io/redhat/redhat-operator-index:v4.19',
      ],
    ])('is told of %s', (_what, source) => {
      const plan = planOf({ catalogs: [{ ...moved, source }], orphans });
      expect(catalogChanges(plan, lockOf())).toMatchObject([
        {
          destination: elsewhere,
          change: 'new',
          renamedFrom: { destination: INDEX, name: 'redhat-operator-index-v4-18' },
        },
        { destination: INDEX, change: 'orphaned' },
      ]);
    });

    it.each([
      ['the old one is still wanted', { keeps: [CATALOG_LINE] }, moved],
      ['the source is another one', { orphans }, { ...moved, source: 'quay.io/other/index:v4.18' }],
      ['the name stays', { orphans }, { ...moved, name: 'redhat-operator-index-v4-18' }],
    ])('is none where %s', (_what, over, catalog) => {
      const [change] = catalogChanges(planOf({ catalogs: [catalog], ...over }), lockOf());
      expect(change).not.toHaveProperty('renamedFrom');
    });

    it('is none where it could have taken the place of two', () => {
      const left = line('x', { destination: 'other:v1', kind: 'catalog' });
      const source = 'registry.redhat.io/redhat/redhat-operator-index';
      const plan = planOf({
        catalogs: [{ ...moved, source: `${source}:v4.20` }],
        orphans: [...orphans, { line: left, isNew: true }],
      });
      const other = lockedCatalog({
        destination: 'other:v1',
        name: 'o',
        source: `${source}:v4.19`,
      });
      const [change] = catalogChanges(plan, lockOf({ catalogs: [lockedCatalog(), other] }));
      expect(change).not.toHaveProperty('renamedFrom');
    });

    it('is none where two could have taken the place', () => {
      const tag = (name: string): PlannedCatalog =>
        plannedCatalog({
          destination: `i:${name}`,
          name,
          source: `registry.redhat.io/redhat/redhat-operator-index:${name}`,
        });
      const plan = planOf({
        catalogs: [tag('v4.19'), tag('v4.20')],
        orphans,
        adds: [planned('x')],
      });
      const changes = catalogChanges(plan, lockOf());
      expect(changes.map(({ renamedFrom }) => renamedFrom)).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    });
  });
});
