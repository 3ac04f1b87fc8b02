import { compareText } from '../base/compare-text.ts';
import type { DeletingImage, LockedDeletion, LockedImage } from '../lock/lock.ts';
import type { WantingEntry } from '../lock/wanted-image.ts';
import { absolutePlace, formatPlace, relativePlace } from '../oci/destination.ts';
import { capReached } from './cap-deletes.ts';
import { STILL_WANTED, isHeldByWish } from './held-by-wish.ts';
import { lineOfDeleting } from './line-of-deleting.ts';
import {
  type HeldDelete,
  PRUNE,
  type PlannedDelete,
  type PlannedImage,
  type PlannedOrphan,
} from './plan.ts';
import type { DeletionFile, NamedPlace, PlanInput } from './plan-input.ts';

/** What the images of a plan leave for its deletes. */
export interface DeleteFacts {
  readonly lines: readonly LockedImage[];
  readonly orphans: readonly PlannedOrphan[];
  readonly deleting: readonly DeletingImage[];
  readonly wanted: ReadonlyMap<string, PlannedImage>;
  readonly kept: readonly LockedImage[];
  readonly carriedOut: readonly LockedDeletion[];
}

export interface PlannedDeletes {
  readonly deletes: readonly PlannedDelete[];
  /** All that would be deleted without caps: what the plan's hash speaks of. */
  readonly candidates: readonly PlannedDelete[];
  readonly held: readonly HeldDelete[];
  readonly returns: readonly LockedImage[];
  readonly deleting: readonly DeletingImage[];
  readonly deletions: readonly LockedDeletion[];
  /** Orphaned names of images that stay under another name: the line goes, the image does not. */
  readonly dropped: ReadonlySet<LockedImage>;
}

/** The image stays, under another name than the one that goes. */
const OTHER_NAME = 'wanted by another name';

/** What goes, what waits and why (design.md, section 5, "Deletes"). Pure. */
export function planDeletes(
  input: PlanInput,
  facts: DeleteFacts,
  hashOf: (candidates: readonly PlannedDelete[]) => string,
): PlannedDeletes {
  const orphansByDestination = Map.groupBy(facts.orphans, ({ line }) => line.destination);
  const underWay = Map.groupBy(facts.deleting, ({ destination }) => destination);
  const wantedBy = wantedByFile(input, facts);
  const dropped = new Set<LockedImage>();
  const candidates: PlannedDelete[] = [];
  const held: HeldDelete[] = [];
  const files: { file: DeletionFile; images: number; waiting: Set<string> }[] = [];
  const deletions: LockedDeletion[] = [];

  for (const file of [...input.deletions].sort((a, b) => compareText(a.path, b.path))) {
    const before = facts.carriedOut.find(({ path }) => path === file.path);
    if (before?.blob === file.blob && before.held === undefined) {
      deletions.push(before);
      continue;
    }
    const named = byDestination(input, file);
    const waiting = new Set<string>();
    files.push({ file, images: named.size, waiting });
    for (const [destination, { entry, source }] of named) {
      const orphans = orphansByDestination.get(destination) ?? [];
      const why = wantedBy(destination, source);
      if (why === OTHER_NAME) {
        for (const { line } of orphans) if (line.source === source) dropped.add(line);
        continue;
      }
      if (why !== undefined) {
        waiting.add(destination);
        held.push({ destination, reason: file.path, entry, why });
        continue;
      }
      for (const line of underWay.get(destination) ?? [])
        if (line.held !== undefined) waiting.add(destination);
      const alreadyTaken = candidates.some(({ line }) => line.destination === destination);
      if (!alreadyTaken)
        candidates.push(...orphans.map(({ line }) => ({ line, reason: file.path, entry })));
    }
  }
  planPrune(input, facts, { candidates, held, dropped }, wantedBy);

  const places = new Set(candidates.map(({ line }) => line.destination)).size;
  const isApproved = input.policy.approvedPlan === hashOf(sortDeletes(candidates));
  const cap = isApproved
    ? undefined
    : capReached(places, { policy: input.policy, lines: facts.lines.length });
  const overCap = cap !== undefined ? candidates : [];
  for (const { line, reason, entry } of overCap) {
    const { destination, digest } = line;
    held.push({
      destination,
      digest,
      reason,
      ...(entry === undefined ? {} : { entry }),
      why: cap ?? '',
    });
    files.find(({ file }) => file.path === reason)?.waiting.add(destination);
  }
  for (const { file, images, waiting } of files) {
    const held = waiting.size === 0 ? {} : { held: waiting.size };
    deletions.push({ path: file.path, blob: file.blob, images, ...held });
  }
  const { stays, returns } = lookAtDeleting(input, facts);
  return {
    deletes: cap === undefined ? sortDeletes(candidates) : [],
    candidates: sortDeletes(candidates),
    held: held.sort(
      (a, b) => compareText(a.destination, b.destination) || compareText(a.reason, b.reason),
    ),
    returns,
    deleting: stays,
    deletions: deletions.sort((a, b) => compareText(a.path, b.path)),
    dropped,
  };
}

type WantedBy = (destination: string, source: string | undefined) => string | undefined;

/** Why an image at a place is wanted, for people; OTHER_NAME where the named source is not what wants it. */
function wantedByFile(input: PlanInput, facts: DeleteFacts): WantedBy {
  const kept = new Map(facts.kept.map((line) => [line.destination, line]));
  return (destination, source) => {
    const image = facts.wanted.get(destination);
    if (image !== undefined) {
      const byThatName =
        source === undefined || image.sources.some((wanted) => wanted.source === source);
      return byThatName ? `${STILL_WANTED}${describeEntry(image.entries[0])}` : OTHER_NAME;
    }
    const line = kept.get(destination);
    if (line !== undefined)
      return `${STILL_WANTED}${line.wantedBy.join(', ')}, which has entries that fail`;
    return wish(input, destination);
  };
}

/** Who names a place that is not among the wanted images: an entry that fails, or another mirror. */
function wish(input: PlanInput, destination: string): string | undefined {
  const place = absolutePlace(destination, input.destination);
  if (place === undefined) return undefined;
  const text = formatPlace(place);
  const entry = input.named.get(text);
  if (entry !== undefined) return `${STILL_WANTED}${describeEntry(entry)}, which fails`;
  const mirror = input.others.find(({ wants }) => wants.has(text));
  return mirror === undefined ? undefined : `${STILL_WANTED}mirror ${mirror.name}`;
}

function describeEntry(entry: WantingEntry | undefined): string {
  if (entry === undefined) return 'an image set';
  const { path, line, column } = entry.position;
  return `${path}:${line}:${column}`;
}

function byDestination(input: PlanInput, file: DeletionFile): Map<string, NamedPlace> {
  const named = file.places.map(
    (place) => [relativePlace(place.place, input.destination), place] as const,
  );
  return new Map(named.sort(([a], [b]) => compareText(a, b)));
}

function planPrune(
  input: PlanInput,
  facts: DeleteFacts,
  {
    candidates,
    held,
    dropped,
  }: { candidates: PlannedDelete[]; held: HeldDelete[]; dropped: Set<LockedImage> },
  wantedBy: WantedBy,
): void {
  if (input.policy.policy !== 'prune') return;
  const taken = new Set(candidates.map(({ line }) => line.destination));
  const orphans = facts.orphans.filter(({ line }) => !taken.has(line.destination));
  for (const { line } of orphans) {
    if (line.superseded === true && !input.policy.superseded) continue;
    const { destination, digest } = line;
    const why =
      wantedBy(destination, line.source) ??
      (input.failures.length > 0
        ? 'this pass has failures, and its replacement may be what failed'
        : undefined);
    if (why === undefined) candidates.push({ line, reason: PRUNE });
    else if (why === OTHER_NAME) dropped.add(line);
    else held.push({ destination, digest, reason: PRUNE, why });
  }
}

/** Lines of `deleting`: what stays in it, and what is wanted back because its reason is gone. */
function lookAtDeleting(
  input: PlanInput,
  facts: DeleteFacts,
): { stays: DeletingImage[]; returns: LockedImage[] } {
  const stays: DeletingImage[] = [];
  const returns: LockedImage[] = [];
  for (const line of facts.deleting) {
    if (facts.wanted.has(line.destination)) continue; // It is planned as an image.
    const reason = reasonOf(input, facts, line);
    if (reason === undefined) {
      returns.push(lineOfDeleting(line));
      continue;
    }
    const { held, ...rest } = { ...line, reason };
    const why = wish(input, line.destination) ?? (isHeldByWish(held) ? undefined : held);
    stays.push(why === undefined ? rest : { ...rest, held: why });
  }
  return { stays, returns };
}

/** Why a line of `deleting` goes, as the files and the policy are now; undefined where nothing says so any more. */
function reasonOf(input: PlanInput, facts: DeleteFacts, line: DeletingImage): string | undefined {
  const file = input.deletions.find(({ path }) => path === line.reason);
  const before = facts.carriedOut.find(({ path }) => path === line.reason);
  const isNamed =
    file !== undefined &&
    (before?.blob === file.blob || byDestination(input, file).has(line.destination));
  if (isNamed) return line.reason;
  // Nobody wants it, which is reason enough under this policy.
  return input.policy.policy === 'prune' ? PRUNE : undefined;
}

function sortDeletes(deletes: readonly PlannedDelete[]): PlannedDelete[] {
  return [...deletes].sort(
    (a, b) =>
      compareText(a.line.destination, b.line.destination) ||
      compareText(a.line.source, b.line.source),
  );
}
