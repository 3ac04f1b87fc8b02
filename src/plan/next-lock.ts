import { isDeepStrictEqual } from 'node:util';
import { compareText } from '../base/compare-text.ts';
import {
  type DeletingImage,
  type Lock,
  type LockedConfiguration,
  type LockedDeletion,
  type LockedImage,
  formatLock,
} from '../lock/lock.ts';
import { incompleteInPlan } from './incomplete-releases.ts';
import { lostBundles } from './lost-bundles.ts';
import { type CatalogOutcome, listedImages, nextCatalogs, withLines } from './next-catalogs.ts';
import { nextReleases, releasesWithLines } from './next-releases.ts';
import type { PlannedCatalog } from './planned-catalog.ts';
import { PRUNE, type Plan, type PlannedDelete, type PlannedImage } from './plan.ts';

/** What became of a plan at the registry. Keys are destinations as the lock writes them. */
export interface PassOutcome {
  /** Adds and updates that are there now, with the bytes of their distinct blobs. */
  readonly done: ReadonlyMap<string, number>;
  /** Of the plan's `returns`, those that are still there. */
  readonly returned: ReadonlySet<string>;
  readonly catalogs: CatalogOutcome;
}

/**
 * The outcome of a plan in which everything succeeds that can: what `imageset plan` shows the resources of. A catalog
 * that would lose bundles is known not to be published, and a release of which a component cannot be resolved.
 */
export function successOf(plan: Plan): PassOutcome {
  const stays = new Set([
    ...plan.catalogs
      .filter((catalog) => lostBundles(catalog, catalog.bundles, catalog.without).length > 0)
      .map(({ destination }) => destination),
    ...incompleteInPlan(plan).map(({ release }) => release.destination),
  ]);
  const arriving = [...plan.adds, ...plan.updates].filter(
    ({ destination }) => !stays.has(destination),
  );
  return {
    done: new Map(arriving.map(({ destination }) => [destination, 0])),
    returned: new Set(plan.returns.map(({ destination }) => destination)),
    catalogs: { kept: new Set(), rebuilt: new Map() },
  };
}

/**
 * The lock after the first commit of a pass (design.md, section 4): what is there and stays, and what
 * manifests stop naming. Pure. What failed keeps the lines that it had.
 */
export function nextLock(plan: Plan, previous: Lock | undefined, outcome: PassOutcome): Lock {
  const failed = [...plan.adds, ...plan.updates].filter(
    ({ destination }) => !outcome.done.has(destination),
  );
  const failures = failed.length + plan.failures.length > 0;
  const published = publishedOutcome(outcome.catalogs, failed);
  const asWanted = wantedByKept(plan.catalogs, published);
  // What a failed image should replace may be an orphan by now: without it nothing is pruned. What a catalog lists
  // that stays as it was, since the new one could not be published, is needed by those who install from it.
  const listed = listedImages(plan.catalogs, published);
  const isSpared = ({ reason, line }: PlannedDelete): boolean =>
    (reason === PRUNE && failures) || listed.has(line.destination);
  const deletes = plan.deletes.filter((planned) => !isSpared(planned));
  const spared = plan.deletes.filter(isSpared);
  const images = [
    ...plan.keeps,
    ...plan.adds.flatMap((image) => linesOf(image, outcome)),
    ...plan.updates.flatMap((image) => {
      const lines = linesOf(image, outcome);
      return lines.length > 0 ? lines : keepPrevious(image, image.previous);
    }),
    ...plan.orphans.map(({ line }) => asWanted(line)),
    ...spared.map(({ line }) => asWanted(line)),
    ...plan.returns.filter(({ destination }) => outcome.returned.has(destination)),
  ];
  const isHere = previous?.destination === plan.destination;
  const deleting = [...plan.deleting, ...deletes.map((planned) => deletingLine(plan, planned))];
  const { catalogs, bundles } = nextCatalogs(
    plan.catalogs,
    isHere ? previous : undefined,
    { images, deleting },
    published,
  );
  return {
    version: 1,
    mirror: plan.mirror,
    destination: plan.destination,
    source: plan.source,
    configurations: configurationsOf(plan, failed, previous),
    deletions: waiting(plan.deletions, spared),
    images: sortLines(images),
    deleting: sortLines(deleting),
    catalogs,
    bundles,
    releases: nextReleases(plan.releases, isHere ? previous : undefined, { images, deleting }),
  };
}

/** A catalog that did not arrive leaves the published one as it is, just as one that could not be built. */
function publishedOutcome(
  { kept, rebuilt }: CatalogOutcome,
  failed: readonly PlannedImage[],
): CatalogOutcome {
  const lost = failed.filter(({ kind }) => kind === 'catalog');
  return { kept: kept.union(new Set(lost.map(({ destination }) => destination))), rebuilt };
}

/** What a catalog lists that stays as it was stays wanted by the files that want the catalog (design.md, section 5, step 6). */
function wantedByKept(
  catalogs: readonly PlannedCatalog[],
  { kept }: CatalogOutcome,
): (line: LockedImage) => LockedImage {
  const pathsOf = new Map<string, Set<string>>();
  for (const { destination, previousBundles, entries } of catalogs) {
    if (!kept.has(destination)) continue;
    for (const image of new Set(previousBundles.flatMap(({ images }) => images))) {
      const paths = pathsOf.get(image) ?? new Set<string>();
      for (const { position } of entries) paths.add(position.path);
      pathsOf.set(image, paths);
    }
  }
  return (line) => {
    const paths = pathsOf.get(line.destination);
    if (paths === undefined) return line;
    const { superseded, ...wanted } = line;
    return { ...wanted, wantedBy: [...paths.union(new Set(line.wantedBy))].sort(compareText) };
  };
}

/** Delete files with what of them is spared: they are not carried out yet. */
function waiting(
  files: readonly LockedDeletion[],
  spared: readonly PlannedDelete[],
): readonly LockedDeletion[] {
  const byReason = Map.groupBy(spared, ({ reason }) => reason);
  return files.map((file) => {
    const lines = byReason.get(file.path)?.map(({ line }) => line.destination) ?? [];
    return lines.length === 0 ? file : { ...file, held: (file.held ?? 0) + new Set(lines).size };
  });
}

/** What became of deletes; keys are destinations as the lock writes them. */
export interface DeleteOutcome {
  /** Deleted, or gone already. */
  readonly gone: ReadonlySet<string>;
  /** Not deleted, with the reason. */
  readonly held: ReadonlyMap<string, string>;
}

/** The lock after the deletes of a pass, for its second commit. Pure. */
export function lockAfterDeletes(lock: Lock, outcome: DeleteOutcome): Lock {
  const deleting = lock.deleting
    .filter(({ destination }) => !outcome.gone.has(destination))
    .map((line) => {
      const held = outcome.held.get(line.destination);
      return held === undefined ? line : { ...line, held };
    });
  const deletions = lock.deletions.map(({ path, blob, images, held }) => {
    const newlyHeld = deleting.filter(
      (line) =>
        line.reason === path && line.held !== undefined && outcome.held.has(line.destination),
    );
    const before = new Set(
      lock.deleting.filter((line) => line.held !== undefined).map((line) => line.destination),
    );
    const more = new Set(newlyHeld.map(({ destination }) => destination)).difference(before).size;
    const waiting = (held ?? 0) + more;
    return { path, blob, images, ...(waiting === 0 ? {} : { held: waiting }) };
  });
  const left = { ...lock, deletions, deleting };
  return { ...left, ...withLines(left), releases: releasesWithLines(left) };
}

/** Whether two locks say the same, the source commit aside: then the lock keeps the commit that it has (design.md, section 4). */
export function isSameState(a: Lock, b: Lock): boolean {
  const same = { ...a, source: b.source };
  // Writing two large locks takes longer than all else that is done where nothing changed.
  return isDeepStrictEqual(same, b) || formatLock(same) === formatLock(b);
}

function linesOf(image: PlannedImage, outcome: PassOutcome): LockedImage[] {
  const bytes = outcome.done.get(image.destination);
  if (bytes === undefined) return [];
  const { destination, kind, platforms, builtFrom } = image;
  const digest = outcome.catalogs.rebuilt.get(destination)?.digest ?? image.digest;
  return image.sources.map(({ source, wantedBy }) => ({
    destination,
    digest,
    source,
    kind,
    bytes,
    wantedBy,
    ...(platforms === undefined ? {} : { platforms }),
    ...(kind === 'graph' ? builtFrom : {}),
  }));
}

/** The lines that an update would replace: the old image is still there, and its place still wanted. */
function keepPrevious(image: PlannedImage, previous: readonly LockedImage[]): LockedImage[] {
  const wantedBy = [...new Set(image.sources.flatMap((source) => source.wantedBy))].sort(
    compareText,
  );
  return previous.map(({ superseded, ...line }) => ({ ...line, wantedBy }));
}

function deletingLine(plan: Plan, { line, reason }: PlannedDelete): DeletingImage {
  const { wantedBy, superseded, ...rest } = line;
  return { ...rest, since: plan.source.commit, reason };
}

function configurationsOf(
  plan: Plan,
  failed: readonly PlannedImage[],
  previous: Lock | undefined,
): LockedConfiguration[] {
  const incomplete = new Set([
    ...plan.failures.flatMap(({ entries }) => entries.map(({ position }) => position.path)),
    ...failed.flatMap(({ entries }) => entries.map(({ position }) => position.path)),
  ]);
  const isHere = previous?.destination === plan.destination;
  const blobBefore = new Map(
    isHere ? previous.configurations.map(({ path, blob }) => [path, blob]) : [],
  );
  return plan.configurations.map(({ path, blob }) =>
    incomplete.has(path)
      ? { path, blob: blobBefore.get(path) ?? blob, incomplete: true }
      : { path, blob },
  );
}

function sortLines<T extends { readonly destination: string; readonly source: string }>(
  lines: T[],
): T[] {
  return lines.sort(
    (a, b) => compareText(a.destination, b.destination) || compareText(a.source, b.source),
  );
}
