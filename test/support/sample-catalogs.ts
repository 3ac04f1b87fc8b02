import type { Lock, LockedBundle, LockedCatalog } from '../../src/lock/lock.ts';
import type { PlannedCatalog } from '../../src/plan/planned-catalog.ts';
import { COMMIT, digest, entry } from './sample-plan.ts';

export const INDEX = 'redhat/redhat-operator-index:v4.18';

/** A bundle of `INDEX`, named like `gadget.v1.0.0`. */
export function bundle(name: string, ...channels: readonly string[]): LockedBundle {
  const [packageName = ''] = name.split('.', 1);
  return {
    catalog: INDEX,
    package: packageName,
    bundle: name,
    version: name.slice(packageName.length + 2),
    channels,
    images: [`op/${name}:1`],
  };
}

/** A catalog of a plan that the lock does not have. */
export function plannedCatalog(over: Partial<PlannedCatalog> = {}): PlannedCatalog {
  const bundles = over.bundles ?? [bundle('gadget.v1.0.0', 'stable')];
  const names = new Set([...bundles, ...(over.without ?? [])].map((one) => one.package));
  return {
    destination: INDEX,
    name: 'redhat-operator-index-v4-18',
    source: `registry.redhat.io/${INDEX}`,
    sourceDigest: digest('1'),
    inputs: digest('2'),
    bundles,
    without: [],
    packages: [...names].sort().map((name, index) => {
      return {
        name,
        entry: entry('base.yaml', 8 + index, `mirror.operators[0].packages[${index}]`),
      };
    }),
    entries: [entry('base.yaml', 6, 'mirror.operators[0]')],
    previousBundles: [],
    ...over,
  };
}

/** The lock's line of a planned catalog, with changes. */
export function lockedCatalog(over: Partial<LockedCatalog> = {}): LockedCatalog {
  const { destination, name, source, sourceDigest } = plannedCatalog();
  return { destination, name, source, sourceDigest, inputs: digest('2'), ...over };
}

/** A lock with catalogs and bundles, made from `base.yaml` as `planOf` has it. */
export function lockOf(over: Partial<Lock> = {}): Lock {
  return {
    version: 1,
    mirror: 'prod-eu',
    destination: 'registry.example.com/mirror',
    source: { commit: COMMIT, branch: 'main' },
    configurations: [{ path: 'base.yaml', blob: COMMIT }],
    deletions: [],
    images: [],
    deleting: [],
    catalogs: [lockedCatalog()],
    bundles: [],
    releases: [],
    ...over,
  };
}
