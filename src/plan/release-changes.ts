import { isDeepStrictEqual } from 'node:util';
import type { Lock, LockedImage, LockedRelease } from '../lock/lock.ts';
import { releaseFinder } from '../lock/release-lines.ts';
import { compareReleaseNames } from '../lock/release-name.ts';
import { incompleteInPlan } from './incomplete-releases.ts';
import { releaseLine } from './next-releases.ts';
import type { Plan, PlannedDelete } from './plan.ts';
import type { ReleaseChange, ReleaseImages } from './release-change.ts';

/**
 * What a plan does to each release that it or the lock has, by version (design.md, section 5, step 4); nothing is told
 * of what is leaving already. Pure.
 */
export function releaseChanges(plan: Plan, lock: Lock | undefined): ReleaseChange[] {
  const here = lock?.destination === plan.destination ? lock.releases : [];
  if (plan.releases.length + here.length === 0) return [];
  const isPlanned = new Set(plan.releases.map(({ release }) => release));
  const others = here.filter(({ release }) => !isPlanned.has(release));
  return [...plannedChanges(plan), ...unplannedChanges(plan, here, others)].sort((a, b) =>
    compareReleaseNames(a.release, b.release),
  );
}

function plannedChanges(plan: Plan): ReleaseChange[] {
  const added = new Set(plan.adds.map(({ destination }) => destination));
  const updated = new Set(plan.updates.map(({ destination }) => destination));
  const missing = new Map(incompleteInPlan(plan).map((one) => [one.release, one.missing]));
  return plan.releases.map((planned) => {
    const { release, destination, components, entries, previous, newImages, bytesToMove } = planned;
    const places = [...components, destination];
    const images: ReleaseImages = {
      total: places.length,
      added: places.filter((place) => added.has(place)).length,
      updated: places.filter((place) => updated.has(place)).length,
      fresh: newImages,
      gone: 0,
    };
    const line = releaseLine(planned);
    const change = (): ReleaseChange['change'] => {
      if (missing.has(planned)) return 'incomplete';
      if (previous === undefined || added.has(destination)) return 'new';
      const isSame = images.added + images.updated === 0 && isSameRelease(line, previous);
      return isSame ? 'unchanged' : 'updated';
    };
    return {
      release,
      change: change(),
      line,
      ...(previous === undefined ? {} : { previous }),
      images,
      bytesToMove,
      missing: missing.get(planned) ?? [],
      entries,
    };
  });
}

function isSameRelease(a: LockedRelease, b: LockedRelease): boolean {
  return isDeepStrictEqual(
    { ...a, channels: new Set(a.channels) },
    { ...b, channels: new Set(b.channels) },
  );
}

/** What a plan says of the images of a release that it does not have. */
interface Fate {
  total: number;
  gone: number;
  /** Of the payload; of a release without one, what is said of a component first. */
  change: ReleaseChange['change'];
  askedBy?: ReleaseChange['askedBy'];
}

/** Releases of the lock that no entry of this plan could be resolved to. */
function unplannedChanges(
  plan: Plan,
  locked: readonly LockedRelease[],
  others: readonly LockedRelease[],
): ReleaseChange[] {
  if (others.length === 0) return [];
  // A component is of the release with the longest name that fits, planned or not.
  const names = [...locked, ...plan.releases].map(({ release }) => release);
  const fates = fatesOf(plan, releaseFinder(names));
  return others.flatMap((previous): ReleaseChange[] => {
    const { release } = previous;
    const fate = fates.get(release);
    // Nothing of it but what is leaving already.
    if (fate === undefined) return [];
    return [
      {
        release,
        change: fate.change,
        previous,
        images: { total: fate.total, added: 0, updated: 0, fresh: 0, gone: fate.gone },
        bytesToMove: 0,
        missing: [],
        entries: [],
        ...(fate.askedBy === undefined ? {} : { askedBy: fate.askedBy }),
      },
    ];
  });
}

function fatesOf(plan: Plan, releaseOf: ReturnType<typeof releaseFinder>): Map<string, Fate> {
  const fates = new Map<string, Fate>();
  const seen = new Set<string>();
  const note = (line: LockedImage, change: Fate['change'], asked?: PlannedDelete): void => {
    const release = releaseOf(line);
    // Two names of one place are two lines, and one image.
    if (release === undefined || seen.has(line.destination)) return;
    seen.add(line.destination);
    const fate = fates.get(release) ?? { total: 0, gone: 0, change };
    fates.set(release, fate);
    if (line.kind === 'release') fate.change = change;
    fate.total += 1;
    if (asked === undefined) return;
    fate.gone += 1;
    const { reason, entry } = asked;
    fate.askedBy ??= { reason, ...(entry === undefined ? {} : { entry }) };
  };
  for (const line of plan.keeps) note(line, 'stays');
  for (const line of plan.returns) note(line, 'returned');
  for (const one of plan.deletes) note(one.line, 'gone', one);
  for (const { line, isNew } of plan.orphans) {
    note(line, line.superseded === true ? 'superseded' : isNew ? 'orphaned' : 'orphan');
  }
  return fates;
}
