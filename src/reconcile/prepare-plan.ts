import { type FieldProblem, compareProblems } from '../base/field-problem.ts';
import { forEachConcurrently } from '../base/for-each-concurrently.ts';
import type { Lock, LockedImage } from '../lock/lock.ts';
import type { WantedImage, WantingEntry } from '../lock/wanted-image.ts';
import {
  absolutePlace,
  formatDestination,
  formatPlace,
  parseDestination,
  relativePlace,
} from '../oci/destination.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageSource } from '../oci/ends.ts';
import { parseReference } from '../oci/reference.ts';
import { makePlan } from '../plan/make-plan.ts';
import type { Plan } from '../plan/plan.ts';
import type { DeletionFile, NamedPlace, OtherMirror } from '../plan/plan-input.ts';
import { additionalEntries } from '../resolve/additional-entries.ts';
import { additionalRequests } from '../resolve/additional-requests.ts';
import type { ImageRequest, Requested } from '../resolve/image-request.ts';
import {
  type Resolved,
  type ResolveDependencies,
  resolveImages,
} from '../resolve/resolve-images.ts';
import { unitePlaces } from '../resolve/unite-places.ts';
import { type ResolvedCatalogs, resolveCatalogs } from './catalogs/resolve-catalogs.ts';
import { unresolvedPlaces } from './catalogs/unresolved-places.ts';
import { uniteCatalogs } from './catalogs/unite-catalogs.ts';
import { sourceOf, targetOf } from './ends.ts';
import { knownDigests } from './known-digests.ts';
import { type BlobsOf, nameOf, readBlobs, sizeOf } from './known-content.ts';
import { lostInDoubt } from './lines-in-doubt.ts';
import { deletionFiles } from './named-places.ts';
import { type BranchLock, isAtHost, otherMirrors } from './other-mirrors.ts';
import type { PassContext } from './pass-context.ts';
import { RECENT_MS, type RecentDeletes } from './recent-deletes.ts';
import { type ResolvedReleases, resolveReleases } from './releases/resolve-releases.ts';
import { uniteReleases, withoutStrayComponents } from './releases/unite-releases.ts';
import { unresolvedReleases } from './releases/unresolved-releases.ts';

/** A plan, and what it was made of. */
export interface PreparedPlan {
  readonly plan: Plan;
  /** The mirror's lock at the head of the manifests branch. */
  readonly lock: Lock | undefined;
  /** All locks at the mirror's registry. */
  readonly locks: readonly BranchLock[];
  readonly others: readonly OtherMirror[];
  readonly recent: RecentDeletes;
  readonly blobsOf: BlobsOf;
  /** What catalogs are built with, by place. */
  readonly builders: ResolvedCatalogs['builders'];
  /** Where images that were built are copied from, by digest. */
  readonly built: ReadonlyMap<Digest, ImageSource>;
  /** Of releases, by the digest of their bytes. */
  readonly signatures: ResolvedReleases['signatures'];
  /** What resolving found odd, and entries that choose nothing to delete; sorted. */
  readonly warnings: readonly FieldProblem[];
}

/**
 * Resolves the files of a mirror and plans (design.md, section 5, steps 3 and 4). Where nothing changed it asks
 * no registry anything.
 * @throws ControllerError LOCK_INVALID when the mirror's own lock cannot be read.
 */
export async function preparePlan(
  context: PassContext,
  signal: AbortSignal,
): Promise<PreparedPlan> {
  const { mirror, files, branch, transfer } = context;
  const { destination } = mirror;
  const locks = await branch.locks(signal);
  const own = locks.find(({ folder }) => folder === mirror.output);
  if (own?.error !== undefined) throw own.error;
  const atHost = locks.filter((lock) => isAtHost(lock, destination.host));
  const others = otherMirrors({ ...mirror, host: destination.host }, context.known, locks);
  const lock = own?.lock;
  const since = new Date(context.startedAt.getTime() - RECENT_MS);
  const recent = await branch.recentDeletes(
    { host: destination.host, folder: mirror.output, since },
    signal,
  );
  const requested = requestAdditional(context);
  const named = namedPlaces(requested.requests);
  const taken = await lostInDoubt(context, { lock, recent, named }, signal);
  const here = withoutLost(lock, context.lost.union(taken));
  const known = knownDigests(context, [...(own === undefined ? [] : [own]), ...atHost]);
  const catalogs = await resolveCatalogs(context, here, known, signal);
  const releases = await resolveReleases(context, here, known, signal);
  const built = new Map([...catalogs.built, ...releases.built]);
  const united = unite(catalogs, releases, await resolveAdditional(requested, known, signal));
  const resolved = {
    ...united,
    wanted: withoutStrayComponents(releases.releases, united.wanted),
  };
  const asked = deletionFiles({
    ...{ files: files.deletions, documents: files.documents, destination, lock },
    catalogs: catalogs.catalogs,
  });
  const deletions = asked.files;
  const found = await findUnlocked(context, lock, deletions, resolved.wanted, signal);
  const blobsOf = await readNewBlobs(context, lock, { wanted: resolved.wanted, built }, signal);
  const plan = makePlan({
    mirror: mirror.name,
    destination,
    source: { commit: context.source.commit, branch: context.source.branch },
    lock: here,
    configurations: files.configurations,
    deletions,
    wanted: resolved.wanted,
    catalogs: uniteCatalogs(catalogs.catalogs, resolved.wanted),
    releases: uniteReleases(releases.releases, resolved.wanted),
    named: new Map([
      ...unresolvedPlaces(context, catalogs.catalogs, lock),
      ...unresolvedReleases(releases.failures, lock, destination),
      ...named,
    ]),
    failures: resolved.failures,
    found,
    policy: mirror.deletion,
    others,
    blobsOf,
  });
  context.log.debug({ parallel: transfer.parallelImages, hash: plan.hash }, 'plan made');
  const warnings = [...catalogs.warnings, ...releases.warnings, ...asked.warnings];
  return {
    ...{ plan, lock, locks: atHost, others, recent, blobsOf, built },
    builders: catalogs.builders,
    signatures: releases.signatures,
    warnings: warnings.sort(compareProblems),
  };
}

/** Where additional images go; their entries were validated when the files were read. */
function requestAdditional({ files, mirror }: PassContext): Requested {
  const { entries } = additionalEntries(files.documents.filter(({ kind }) => kind === 'mirror'));
  return additionalRequests(entries, mirror.destination);
}

/** The places that the image sets name, each with the first entry that does. */
function namedPlaces(requests: readonly ImageRequest[]): ReadonlyMap<string, WantingEntry> {
  const named = requests.toReversed().flatMap(({ place, entries: [entry] }) => {
    return entry === undefined ? [] : [[formatPlace(place), entry] as const];
  });
  return new Map(named);
}

async function resolveAdditional(
  { requests, failures }: Requested,
  known: ResolveDependencies,
  signal: AbortSignal,
): Promise<Resolved> {
  const resolved = await resolveImages(requests, known, signal);
  return { wanted: resolved.wanted, failures: [...failures, ...resolved.failures] };
}

function unite(...all: readonly Pick<Resolved, 'wanted' | 'failures'>[]): Resolved {
  return unitePlaces({
    wanted: all.flatMap(({ wanted }) => wanted),
    failures: all.flatMap(({ failures }) => failures),
  });
}

/**
 * What new or changed delete files name that is at the destination without a line: looked up once, when the file is
 * new or changed (design.md, section 5, "Deletes").
 */
async function findUnlocked(
  { mirror, ends, transfer }: PassContext,
  lock: Lock | undefined,
  deletions: readonly DeletionFile[],
  wanted: readonly WantedImage[],
  signal: AbortSignal,
): Promise<LockedImage[]> {
  const seen = new Map(lock?.deletions.map(({ path, blob }) => [path, blob]));
  const isHere = lock?.destination === formatDestination(mirror.destination);
  const known = new Set([
    ...(isHere ? [...lock.images, ...lock.deleting].map((line) => line.destination) : []),
    ...wanted.map(({ place }) => relativePlace(place, mirror.destination)),
  ]);
  const unknown = new Map(
    deletions
      .filter(({ path, blob }) => seen.get(path) !== blob)
      .flatMap(({ places }) => places)
      .map((named) => [relativePlace(named.place, mirror.destination), named] as const)
      .filter(([destination]) => !known.has(destination)),
  );
  const found = new Map<string, NamedPlace & { readonly digest: Digest }>();
  const limits = { limit: transfer.parallelImages, signal };
  await forEachConcurrently(unknown, limits, async ([destination, named]) => {
    const { tag } = named.place;
    const digest = await targetOf(ends, named.place).findManifest({ kind: 'tag', tag }, signal);
    if (digest !== undefined) found.set(destination, { ...named, digest });
  });
  if (found.size === 0) return [];
  const asked = [...found.values()].map(({ digest, place }) => ({
    ...{ digest, platforms: undefined, keep: true },
    reader: () => targetOf(ends, place),
  }));
  const lists = await readBlobs(asked, ends, transfer.parallelImages, signal);
  return [...found].map(([destination, { digest, source, kind = 'additional' }]) => ({
    ...{ destination, digest, source, kind },
    bytes: sizeOf(lists.get(nameOf({ digest })) ?? []),
    wantedBy: [],
  }));
}

/**
 * The blobs of what is wanted and new, and of what the lock has, so that the plan knows what has to move. Nothing is
 * read where nothing is new.
 */
async function readNewBlobs(
  { ends, mirror, transfer }: PassContext,
  lock: Lock | undefined,
  { wanted, built }: Pick<Resolved, 'wanted'> & Pick<PreparedPlan, 'built'>,
  signal: AbortSignal,
): Promise<BlobsOf> {
  const lines = lock?.images ?? [];
  const isLocked = new Set(lines.map(({ digest, destination }) => `${digest} ${destination}`));
  const isNew = ({ digest, place }: WantedImage): boolean =>
    !isLocked.has(`${digest} ${relativePlace(place, mirror.destination)}`);
  const fresh = wanted.filter(isNew);
  if (fresh.length === 0) return () => undefined;
  const place = lock === undefined ? undefined : parseDestination(lock.destination);
  const names = new Set(fresh.map(nameOf));
  const there = lines.map(({ digest, platforms, destination }) => ({
    ...{ digest, platforms, keep: names.has(nameOf({ digest, platforms })) },
    reader: () => {
      const at = place === undefined ? undefined : absolutePlace(destination, place);
      return at === undefined ? undefined : targetOf(ends, at);
    },
  }));
  const coming = fresh.map(({ digest, platforms, source }) => ({
    ...{ digest, platforms, keep: true },
    reader: () => built.get(digest) ?? sourceOf(ends, parseReference(source), mirror.ociRoot),
  }));
  const lists = await readBlobs([...coming, ...there], ends, transfer.parallelImages, signal);
  return (digest, platforms) => lists.get(nameOf({ digest, platforms }));
}

/** What is gone from the registry is wanted as if it had never been there, under the digest that the lock has. */
function withoutLost(lock: Lock | undefined, lost: ReadonlySet<string>): Lock | undefined {
  if (lock === undefined || lost.size === 0) return lock;
  return { ...lock, images: lock.images.filter(({ destination }) => !lost.has(destination)) };
}

/** Whether a place is one that others are deleting: what is there now does not count as there (design.md, section 4). */
export function isBeingDeleted(
  place: Parameters<typeof formatPlace>[0],
  others: readonly OtherMirror[],
): boolean {
  const text = formatPlace(place);
  return others.some(({ deletes }) => deletes.has(text));
}
