import { expect, it } from 'vitest';
import {
  INDEX,
  bundle,
  lockOf,
  lockedCatalog,
  plannedCatalog,
} from '../../test/support/sample-catalogs.ts';
import { digest, line, planOf, planned } from '../../test/support/sample-plan.ts';
import { nextLock, successOf } from './next-lock.ts';

const V1 = bundle('gadget.v1.0.0', 'stable');
const V2 = bundle('gadget.v2.0.0', 'stable');
const CATALOG = line('x', { destination: INDEX, kind: 'catalog', wantedBy: ['base.yaml'] });
const NEEDED = line('x', {
  destination: V1.images[0] ?? '',
  kind: 'bundle',
  wantedBy: ['base.yaml'],
});

it.each([
  ['keeps the published catalog that would lack a bundle', [V2], ['gadget.v1.0.0'], CATALOG.digest],
  ['takes the new catalog where nothing is lost', [V1, V2], [], digest('a')],
])('%s, as far as a plan can tell', (_what, bundles, leftOut, expected) => {
  const without = leftOut.map((name) => ({ ...V1, bundle: name, reason: 'x is gone' }));
  const [previous] = [lockedCatalog()];
  const catalog = plannedCatalog({ bundles, without, previous, previousBundles: [V1] });
  const update = planned('x', { destination: INDEX, kind: 'catalog' });
  const plan = planOf({
    catalogs: [catalog],
    adds: V2.images.map((destination) => planned('x', { destination, kind: 'bundle' })),
    updates: [{ ...update, change: 'digest', previous: [CATALOG] }],
    keeps: [NEEDED],
  });

  const next = nextLock(
    plan,
    lockOf({ images: [CATALOG, NEEDED], bundles: [V1] }),
    successOf(plan),
  );

  expect(next.images.find(({ destination }) => destination === INDEX)?.digest).toBe(expected);
  expect(next.bundles.map((one) => one.bundle)).toEqual(
    leftOut.length > 0 ? ['gadget.v1.0.0'] : ['gadget.v1.0.0', 'gadget.v2.0.0'],
  );
});

it('keeps what a catalog lists wanted, and its lines, where its push failed', () => {
  const update = planned('x', { destination: INDEX, kind: 'catalog' });
  const entries = [{ position: { path: 'base.yaml', line: 5, column: 7 }, field: 'operators[0]' }];
  const previous = lockedCatalog();
  const plan = planOf({
    catalogs: [
      plannedCatalog({
        ...{ bundles: [V2], previous, previousBundles: [V1], entries },
        sourceDigest: digest('f'),
      }),
    ],
    adds: V2.images.map((destination) => planned('x', { destination, kind: 'bundle' })),
    updates: [{ ...update, change: 'digest', previous: [CATALOG] }],
    orphans: [{ line: { ...NEEDED, wantedBy: [], superseded: true }, isNew: true }],
  });
  const outcome = successOf(plan);
  const done = new Map([...outcome.done].filter(([destination]) => destination !== INDEX));

  const lock = lockOf({ images: [CATALOG, NEEDED], bundles: [V1] });
  const next = nextLock(plan, lock, { ...outcome, done });

  expect(next.images.find(({ destination }) => destination === NEEDED.destination)).toEqual(NEEDED);
  expect(next.catalogs).toEqual([{ ...previous, sourceDigest: digest('f') }]);
  expect(next.bundles).toEqual([V1]);
});
