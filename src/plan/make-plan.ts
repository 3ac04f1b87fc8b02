import { compareText } from '../base/compare-text.ts';
import type { LockedImage } from '../lock/lock.ts';
import type { ImageKind, WantedImage } from '../lock/wanted-image.ts';
import type { Platform } from '../oci/descriptor.ts';
import {
  absolutePlace,
  formatDestination,
  formatPlace,
  relativePlace,
} from '../oci/destination.ts';
import { isCarriedOut } from './carried-out.ts';
import { blobsToMove, bytesOf } from './blobs-to-move.ts';
import type { Digest } from '../oci/digest.ts';
import { hashPlan } from './hash-plan.ts';
import type { Plan, PlannedDelete, PlannedImage, PlannedOrphan, PlannedUpdate } from './plan.ts';
import type { PlanInput } from './plan-input.ts';
import { planCatalogs } from './plan-catalogs.ts';
import { planDeletes } from './plan-deletes.ts';
import { planReleases } from './plan-releases.ts';

/** Compares what is wanted with what is there (design.md, section 5, step 4). Pure. */
export function makePlan(input: PlanInput): Plan {
  const here = formatDestination(input.destination);
  // Another destination than the lock's: everything is an add, and nothing at the old one is touched.
  const lock = input.lock?.destination === here ? input.lock : undefined;
  const lines = [...(lock?.images ?? []), ...newOrphans(input, lock?.images ?? [])];
  const wanted = groupWanted(input);
  const compared = compareImages(input, lines, wanted);
  const orphans = classifyOrphans(input, compared.left);
  const { adds, updates, keeps } = compared;
  const hashOf = (candidates: readonly PlannedDelete[]): Digest =>
    hashPlan(input.mirror, here, { adds, updates, candidates });
  const deleting = lock?.deleting ?? [];
  const facts = {
    lines,
    orphans,
    orphansByDestination: Map.groupBy(orphans, ({ line }) => line.destination),
    deleting,
    deletingByDestination: Map.groupBy(deleting, ({ destination }) => destination),
    wanted,
    kept: keeps,
    carriedOut: lock?.deletions ?? [],
  };
  const deletes = planDeletes(input, facts, hashOf);
  const gone = new Set(deletes.deletes.map(({ line }) => line));
  const images = [...adds, ...updates];
  const blobs = blobsToMove(images, lines, input.blobsOf);
  const returned = deletes.returns.filter(({ destination }) => !wanted.has(destination));
  return {
    mirror: input.mirror,
    destination: here,
    source: input.source,
    adds,
    updates,
    keeps,
    orphans: orphans.filter(({ line }) => !gone.has(line) && !deletes.dropped.has(line)),
    deletes: deletes.deletes,
    held: deletes.held,
    returns: returned,
    deleting: deletes.deleting,
    catalogs: planCatalogs(input.catalogs, lock, input.destination),
    releases: planReleases(input, lock, { images, lines, blobs }),
    failures: input.failures,
    bytesToMove: bytesOf(blobs),
    configurations: sortedByPath(input.configurations),
    deletions: deletes.deletions,
    hash: hashOf(deletes.candidates),
  };
}

/** What delete files name and is there without a line, as orphans of the lock. */
function newOrphans(input: PlanInput, lines: readonly LockedImage[]): LockedImage[] {
  const known = new Set(lines.map(({ destination }) => destination));
  return input.found.filter(({ destination }) => !known.has(destination));
}

/** The wanted images by place, as the lock writes it. The resolver has refused places with two digests. */
function groupWanted(input: PlanInput): Map<string, PlannedImage> {
  const byDestination = new Map<string, WantedImage[]>();
  for (const image of input.wanted) {
    const destination = relativePlace(image.place, input.destination);
    byDestination.set(destination, [...(byDestination.get(destination) ?? []), image]);
  }
  const groups = [...byDestination].sort(([a], [b]) => compareText(a, b));
  return new Map(
    groups.map(([destination, images]) => [destination, plannedImage(destination, images)]),
  );
}

const OF_RELEASES: ReadonlySet<ImageKind> = new Set(['release', 'release-component', 'graph']);

function plannedImage(destination: string, images: readonly WantedImage[]): PlannedImage {
  const [first] = images;
  if (first === undefined) throw new TypeError('a place is wanted by at least one image');
  const bySource = new Map<string, Set<string>>();
  for (const { source, entries } of images) {
    const paths = bySource.get(source) ?? new Set<string>();
    for (const { position } of entries) paths.add(position.path);
    bySource.set(source, paths);
  }
  const sources = [...bySource]
    .map(([source, paths]) => ({ source, wantedBy: [...paths].sort(compareText) }))
    .sort((a, b) => compareText(a.source, b.source));
  const { place, digest, platforms } = first;
  // Whatever else wants a place of a release: the lock tells by the kind that it is one.
  const { kind, builtFrom } = images.find((image) => OF_RELEASES.has(image.kind)) ?? first;
  return {
    place,
    destination,
    digest,
    sources,
    kind,
    ...(platforms === undefined ? {} : { platforms }),
    ...(builtFrom === undefined ? {} : { builtFrom }),
    entries: images.flatMap(({ entries }) => entries),
  };
}

interface Compared {
  readonly adds: PlannedImage[];
  readonly updates: PlannedUpdate[];
  readonly keeps: LockedImage[];
  /** Lines that nothing wants. */
  readonly left: LockedImage[];
}

function compareImages(
  input: PlanInput,
  lines: readonly LockedImage[],
  wanted: ReadonlyMap<string, PlannedImage>,
): Compared {
  const result: Compared = { adds: [], updates: [], keeps: [], left: [] };
  const failed = new Set(
    input.failures.flatMap(({ entries }) => entries.map(({ position }) => position.path)),
  );
  const byDestination = new Map<string, LockedImage[]>();
  for (const line of lines) {
    const same = byDestination.get(line.destination);
    if (same === undefined) byDestination.set(line.destination, [line]);
    else same.push(line);
  }
  for (const [destination, image] of wanted) {
    compareImage(image, byDestination.get(destination) ?? [], failed, result);
    byDestination.delete(destination);
  }
  for (const line of [...byDestination.values()].flat()) {
    // An entry that fails may be what wanted it: as long as it does, its file wants what it wanted.
    const stillWantedBy = line.wantedBy.filter((path) => failed.has(path));
    if (stillWantedBy.length > 0) result.keeps.push({ ...line, wantedBy: stillWantedBy });
    else result.left.push(line);
  }
  return result;
}

function compareImage(
  image: PlannedImage,
  lines: readonly LockedImage[],
  failed: ReadonlySet<string>,
  result: Compared,
): void {
  const [first] = lines;
  if (first === undefined) {
    result.adds.push(image);
  } else if (first.digest !== image.digest) {
    result.updates.push({ ...image, change: 'digest', previous: lines });
  } else if (!covers(first.platforms, image.platforms)) {
    result.updates.push({ ...image, change: 'platforms', previous: lines });
  } else {
    keepImage(image, lines, failed, result);
  }
}

function keepImage(
  image: PlannedImage,
  lines: readonly LockedImage[],
  failed: ReadonlySet<string>,
  result: Compared,
): void {
  const [first] = lines;
  const bySource = new Map(lines.map((line) => [line.source, line]));
  for (const { source, wantedBy } of image.sources) {
    const line = bySource.get(source) ?? first;
    bySource.delete(source);
    if (line === undefined) continue;
    const failing = line.source === source ? line.wantedBy.filter((path) => failed.has(path)) : [];
    const everybody = [...new Set([...wantedBy, ...failing])].sort(compareText);
    const { superseded, data, base, ...kept } = line;
    const built = image.kind === 'graph' ? (image.builtFrom ?? builtFromOf(line)) : {};
    result.keeps.push({ ...kept, source, kind: image.kind, wantedBy: everybody, ...built });
  }
  // The image is wanted by other names: the old name stays as an orphan, since clusters may still pull by it. By the name
  // of a graph image nobody pulls.
  for (const line of bySource.values()) if (line.kind !== 'graph') result.left.push(line);
}

function builtFromOf({ data, base }: LockedImage): Pick<LockedImage, 'data' | 'base'> {
  return { ...(data === undefined ? {} : { data }), ...(base === undefined ? {} : { base }) };
}

/** Whether instances that are there include the ones that are wanted; undefined stands for all. */
function covers(
  there: readonly Platform[] | undefined,
  wanted: readonly Platform[] | undefined,
): boolean {
  if (there === undefined) return true;
  if (wanted === undefined) return false;
  return wanted.every(({ os, architecture }) =>
    there.some((platform) => platform.os === os && platform.architecture === architecture),
  );
}

/** Marks what nobody wants; `superseded` where no file changed (a tag or head moved on). */
function classifyOrphans(input: PlanInput, left: readonly LockedImage[]): PlannedOrphan[] {
  const before = new Map(input.lock?.configurations.map(({ path, blob }) => [path, blob]));
  const now = new Map(input.configurations.map(({ path, blob }) => [path, blob]));
  const deletedElsewhere = (line: LockedImage): boolean => {
    const place = absolutePlace(line.destination, input.destination);
    return (
      place !== undefined && input.others.some(({ deletes }) => deletes.has(formatPlace(place)))
    );
  };
  const askedHere = placesToDelete(input);
  return left
    .filter((line) => askedHere.has(line.destination) || !deletedElsewhere(line)) // What another mirror deletes leaves our lock.
    .map((line) => {
      const isNew = line.wantedBy.length > 0;
      const unchanged =
        isNew && line.wantedBy.every((path) => now.has(path) && now.get(path) === before.get(path));
      const { superseded, ...rest } = line;
      const mark = isNew ? unchanged : superseded === true;
      return {
        line: { ...rest, wantedBy: [], ...(mark ? { superseded: true as const } : {}) },
        isNew,
      };
    });
}

/** What delete files of this mirror name that are not carried out yet, as the lock writes it. */
function placesToDelete({ deletions, destination, lock }: PlanInput): ReadonlySet<string> {
  return new Set(
    deletions
      .filter((file) => !isCarriedOut(file, lock?.deletions ?? []))
      .flatMap(({ places }) => places.map(({ place }) => relativePlace(place, destination))),
  );
}

function sortedByPath<T extends { readonly path: string }>(files: readonly T[]): T[] {
  return [...files].sort((a, b) => compareText(a.path, b.path));
}
