import type { Plan } from './plan.ts';
import type { PlannedRelease } from './planned-release.ts';

/** A release of which something is not there: its payload must not be copied (design.md, section 5, step 6). */
export interface IncompleteRelease {
  readonly release: PlannedRelease;
  /** The components that are not there, as the lock writes places. Never empty. */
  readonly missing: readonly string[];
}

/**
 * A release is published only when every component that is not blocked is there: these are not.
 * @param isThere tells of a place whether what is wanted there is there, or will be.
 */
export function incompleteReleases(
  releases: readonly PlannedRelease[],
  isThere: (destination: string) => boolean,
): IncompleteRelease[] {
  return releases.flatMap((release): IncompleteRelease[] => {
    const missing = release.components.filter((destination) => !isThere(destination));
    return missing.length === 0 ? [] : [{ release, missing }];
  });
}

/** The releases that a plan knows to be incomplete: nothing is planned for some of their places. */
export function incompleteInPlan({
  releases,
  adds,
  updates,
  keeps,
}: Pick<Plan, 'releases' | 'adds' | 'updates' | 'keeps'>): IncompleteRelease[] {
  if (releases.length === 0) return [];
  const there = new Set([...adds, ...updates, ...keeps].map(({ destination }) => destination));
  return incompleteReleases(releases, (destination) => there.has(destination));
}
