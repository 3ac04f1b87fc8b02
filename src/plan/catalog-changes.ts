import { compareText } from '../base/compare-text.ts';
import type { Lock, LockedCatalog } from '../lock/lock.ts';
import type { CatalogChange, CatalogOrigin } from './catalog-change.ts';
import { lostBundles } from './lost-bundles.ts';
import { type Leaving, countBundles, packageChanges } from './package-changes.ts';
import type { Plan } from './plan.ts';
import type { PlannedCatalog } from './planned-catalog.ts';

/**
 * What a plan does to each operator catalog that it or the lock has, sorted by destination (design.md, section 5,
 * step 4). Pure.
 */
export function catalogChanges(plan: Plan, lock: Lock | undefined): CatalogChange[] {
  const here = lock?.destination === plan.destination ? lock : undefined;
  const planned = plan.catalogs.map((catalog) => plannedChange(plan, catalog, here));
  const isPlanned = new Set(planned.map(({ destination }) => destination));
  const isLeaving = new Set(plan.deleting.map(({ destination }) => destination));
  const others = (here?.catalogs ?? [])
    // What is leaving is published no longer.
    .filter(({ destination }) => !isPlanned.has(destination) && !isLeaving.has(destination))
    .map((line) => unplannedChange(plan, line, here));
  return withRenames(planned, others).sort((a, b) => compareText(a.destination, b.destination));
}

function plannedChange(plan: Plan, catalog: PlannedCatalog, lock: Lock | undefined): CatalogChange {
  const { destination, name, source, sourceDigest, previous } = catalog;
  const leaving = leavingOf(plan, catalog, lock);
  const packages = packageChanges(catalog, leaving);
  const lost = lostBundles(catalog, catalog.bundles, catalog.without);
  const hasChanges = packages.some(({ change }) => change !== 'unchanged');
  const change = (): CatalogChange['change'] => {
    if (lost.length > 0) return 'stays';
    if (previous === undefined) return 'new';
    return hasChanges || !isSameLine(catalog, previous) ? 'updated' : 'unchanged';
  };
  return {
    destination,
    name,
    change: change(),
    source: { source, digest: sourceDigest },
    ...(previous === undefined ? {} : { previous: originOf(previous) }),
    lost: lost.map(({ bundle }) => bundle),
    counts: countBundles(catalog, leaving),
    packages,
  };
}

/** Why bundles leave: where no file changed, the catalog moved on. */
function leavingOf(plan: Plan, { entries }: PlannedCatalog, lock: Lock | undefined): Leaving {
  const before = new Map(lock?.configurations.map(({ path, blob }) => [path, blob]));
  const now = new Map(plan.configurations.map(({ path, blob }) => [path, blob]));
  const unchanged = entries.every(({ position: { path } }) => {
    const blob = now.get(path);
    return blob !== undefined && blob === before.get(path);
  });
  return unchanged ? 'superseded' : 'gone';
}

/** Whether the lock's line would stay as it is. */
function isSameLine(catalog: PlannedCatalog, line: LockedCatalog): boolean {
  const without = new Set(catalog.without.map(({ bundle }) => bundle));
  return (
    line.name === catalog.name &&
    line.source === catalog.source &&
    line.sourceDigest === catalog.sourceDigest &&
    line.inputs === catalog.inputs &&
    line.template === catalog.template &&
    without.symmetricDifference(new Set(line.without)).size === 0
  );
}

/** A catalog of the lock that no entry of this plan could be resolved to. */
function unplannedChange(plan: Plan, line: LockedCatalog, lock: Lock | undefined): CatalogChange {
  const { destination, name } = line;
  const isHere = (one: { readonly destination: string }): boolean =>
    one.destination === destination;
  const orphan = plan.orphans.find((one) => isHere(one.line));
  const change = (): CatalogChange['change'] => {
    if (orphan !== undefined) return orphan.isNew ? 'orphaned' : 'orphan';
    if (plan.returns.some(isHere)) return 'returned';
    return plan.keeps.some(isHere) ? 'stays' : 'gone';
  };
  const bundles = lock?.bundles.filter(
    (one) => one.catalog === destination && one.unlisted !== true,
  );
  return {
    destination,
    name,
    change: change(),
    previous: originOf(line),
    lost: [],
    counts: { total: bundles?.length ?? 0, added: 0, gone: 0, superseded: 0, leftOut: 0 },
    packages: [],
  };
}

function originOf({ source, sourceDigest }: LockedCatalog): CatalogOrigin {
  return { source, digest: sourceDigest };
}

/**
 * A new catalog that takes the place of one that nobody wants any more has resources of another name: of the same
 * source, or else alone of the same repository.
 */
function withRenames(
  planned: readonly CatalogChange[],
  others: readonly CatalogChange[],
): CatalogChange[] {
  const left = others.filter(({ change }) => change === 'orphaned' || change === 'gone');
  const fresh = planned.filter(({ change }) => change === 'new');
  const former = new Map<CatalogChange, CatalogChange>();
  const keys = [
    (one: CatalogChange) => sourceOf(one),
    (one: CatalogChange) => repositoryOf(sourceOf(one)),
  ];
  for (const keyOf of keys) {
    const taken = new Set(former.values());
    const leftByKey = Map.groupBy(
      left.filter((one) => !taken.has(one)),
      keyOf,
    );
    const freshByKey = Map.groupBy(
      fresh.filter((one) => !former.has(one)),
      keyOf,
    );
    for (const [key, news] of freshByKey) {
      const [one, more] = news;
      const [old, another] = leftByKey.get(key) ?? [];
      if (one === undefined || more !== undefined) continue;
      if (old !== undefined && another === undefined) former.set(one, old);
    }
  }
  const renamed = planned.map((one) => {
    const old = former.get(one);
    if (old === undefined || old.name === one.name) return one;
    return { ...one, renamedFrom: { destination: old.destination, name: old.name } };
  });
  return [...renamed, ...others];
}

function sourceOf({ source, previous }: CatalogChange): string {
  return (source ?? previous)?.source ?? '';
}

/** Without tag and digest. */
function repositoryOf(source: string): string {
  const [name = ''] = source.split('@', 1);
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  return colon < 0 ? name : name.slice(0, colon);
}
