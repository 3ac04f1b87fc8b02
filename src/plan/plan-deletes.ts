import { compareText } from '../base/compare-text.ts';
import type { DeletingImage, LockedDeletion, LockedImage } from '../lock/lock.ts';
import type { WantingEntry } from '../lock/wanted-image.ts';
import { absolutePlace, formatPlace, relativePlace } from '../oci/destination.ts';
import { isCarriedOut } from './carried-out.ts';
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
  readonly orphansByDestination: ReadonlyMap<string, readonly PlannedOrphan[]>;
  readonly deleting: readonly DeletingImage[];
  readonly deletingByDestination: ReadonlyMap<string, readonly DeletingImage[]>;
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

/** What is found out one after the other; each step adds to it. */
interface Books {
  readonly candidates: PlannedDelete[];
  /** Destinations of the candidates. */
  readonly taken: Set<string>;
  readonly held: HeldDelete[];
  readonly dropped: Set<LockedImage>;
  /** Destinations that wait, by the path of the delete file that names them; only of files that are carried out now. */
  readonly waitingBy: Map<string, Set<string>>;
  readonly deletions: LockedDeletion[];
}

/** What goes, what waits and why (design.md, section 5, "Deletes"). Pure. */
export function planDeletes(
  input: PlanInput,
  facts: DeleteFacts,
  hashOf: (candidates: readonly PlannedDelete[]) => string,
): PlannedDeletes {
  const books: Books = {
    candidates: [],
    taken: new Set(),
    held: [],
    dropped: new Set(),
    waitingBy: new Map(),
    deletions: [],
  };
  const wantedBy = wantedByFile(input, facts);
  const files = [...input.deletions].sort((a, b) => compareText(a.path, b.path));
  for (const file of files) planFile(input, facts, file, wantedBy, books);
  planPrune(input, facts, books, wantedBy);
  const candidates = sortDeletes(books.candidates);
  const isApproved = input.policy.approvedPlan === hashOf(candidates);
  const limits = { policy: input.policy, lines: facts.lines.length };
  const cap = isApproved ? undefined : capReached(books.taken.size, limits);
  if (cap !== undefined) holdAll(books, cap);
  for (const file of files) noteDeletion(input, facts, file, books);
  const { stays, returns } = lookAtDeleting(input, facts);
  return {
    deletes: cap === undefined ? candidates : [],
    candidates,
    held: books.held.sort(
      (a, b) => compareText(a.destination, b.destination) || compareText(a.reason, b.reason),
    ),
    returns,
    deleting: stays,
    deletions: books.deletions.sort((a, b) => compareText(a.path, b.path)),
    dropped: books.dropped,
  };
}

/** What a delete file names: it goes, or waits, or is not there. A file that is carried out is not repeated. */
function planFile(
  input: PlanInput,
  facts: DeleteFacts,
  file: DeletionFile,
  wantedBy: WantedBy,
  books: Books,
): void {
  const before = facts.carriedOut.find(({ path }) => path === file.path);
  if (before !== undefined && isCarriedOut(file, facts.carriedOut)) {
    books.deletions.push(before);
    return;
  }
  const waiting = new Set<string>();
  books.waitingBy.set(file.path, waiting);
  for (const [destination, { entry, source, waitsFor }] of byDestination(input, file)) {
    const orphans = facts.orphansByDestination.get(destination) ?? [];
    const why = wantedBy(destination, source) ?? (orphans.length > 0 ? waitsFor : undefined);
    if (why === OTHER_NAME) {
      for (const { line } of orphans) if (line.source === source) books.dropped.add(line);
    } else if (why !== undefined) {
      waiting.add(destination);
      books.held.push({ destination, reason: file.path, entry, why });
    } else {
      const underWay = facts.deletingByDestination.get(destination) ?? [];
      if (underWay.some(({ held }) => held !== undefined)) waiting.add(destination);
      for (const { line } of books.taken.has(destination) ? [] : orphans)
        books.candidates.push({ line, reason: file.path, entry });
      if (orphans.length > 0) books.taken.add(destination);
    }
  }
}

/** Over the caps none of the pass's deletes is done. */
function holdAll(books: Books, why: string): void {
  for (const { line, reason, entry } of books.candidates) {
    const { destination, digest } = line;
    books.held.push({
      destination,
      digest,
      reason,
      ...(entry === undefined ? {} : { entry }),
      why,
    });
    books.waitingBy.get(reason)?.add(destination);
  }
}

/** The line of a delete file that was looked at in this plan. */
function noteDeletion(
  input: PlanInput,
  { carriedOut }: DeleteFacts,
  file: DeletionFile,
  books: Books,
): void {
  const waiting = books.waitingBy.get(file.path);
  if (waiting === undefined) return;
  const { path, blob } = file;
  const held = waiting.size === 0 ? {} : { held: waiting.size };
  // What of its operators is gone is in no lock any more, and was named all the same.
  const before = carriedOut.find((line) => line.path === path && line.blob === blob)?.images ?? 0;
  const images = Math.max(before, byDestination(input, file).size);
  books.deletions.push({ path, blob, images, ...held });
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

function planPrune(input: PlanInput, facts: DeleteFacts, books: Books, wantedBy: WantedBy): void {
  if (input.policy.policy !== 'prune') return;
  const named = new Set(books.taken);
  const needed = input.policy.superseded ? new Set() : imagesOfSuperseded(input, facts);
  for (const { line } of facts.orphans) {
    if (named.has(line.destination) || needed.has(line.destination)) continue;
    if (line.superseded === true && !input.policy.superseded) continue;
    const { destination, digest } = line;
    const why =
      wantedBy(destination, line.source) ??
      (input.failures.length > 0
        ? 'this pass has failures, and its replacement may be what failed'
        : undefined);
    if (why === undefined) {
      books.candidates.push({ line, reason: PRUNE });
      books.taken.add(destination);
    } else if (why === OTHER_NAME) books.dropped.add(line);
    else books.held.push({ destination, digest, reason: PRUNE, why });
  }
}

/** What superseded bundles need: a cluster that still runs one must find all of it, also what others needed longer. */
function imagesOfSuperseded({ lock }: PlanInput, { orphans }: DeleteFacts): ReadonlySet<string> {
  const own = new Set(
    orphans
      .filter(({ line }) => line.kind === 'bundle' && line.superseded === true)
      .map(({ line }) => line.destination),
  );
  const bundles = lock?.bundles.filter(({ images }) => images.some((image) => own.has(image)));
  return new Set(bundles?.flatMap(({ images }) => images));
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
