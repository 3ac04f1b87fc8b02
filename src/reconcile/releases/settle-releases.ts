import { ControllerError } from '../../base/controller-error.ts';
import type { EntryFailure } from '../../lock/entry-failure.ts';
import { incompleteReleases } from '../../plan/incomplete-releases.ts';
import type { PlannedImage } from '../../plan/plan.ts';
import type { PlannedRelease } from '../../plan/planned-release.ts';

/** The payloads of a plan, once it is known which of their components are there. */
export interface SettledReleases {
  /** To be copied now. */
  readonly images: readonly PlannedImage[];
  readonly failures: readonly EntryFailure[];
}

/** In messages; the others are counted. */
const SHOWN_COMPONENTS = 5;

/** A release is published when all of its components are there: its payload goes last (design.md, section 5, step 6). */
export function settleReleases(
  releases: readonly PlannedRelease[],
  /** The payloads of the plan's adds and updates. */
  images: readonly PlannedImage[],
  /** Why an image of the plan is not at its destination; undefined: it is there. */
  reasonOf: (destination: string) => string | undefined,
): SettledReleases {
  const isThere = (destination: string): boolean => reasonOf(destination) === undefined;
  const missingOf = new Map(
    incompleteReleases(releases, isThere).map(({ release, missing }) => [
      release.destination,
      missing,
    ]),
  );
  const copies: PlannedImage[] = [];
  const failures: EntryFailure[] = [];
  for (const image of images) {
    const missing = missingOf.get(image.destination);
    if (missing === undefined) copies.push(image);
    else failures.push(incomplete(image, missing, reasonOf));
  }
  return { images: copies, failures };
}

function incomplete(
  { place, entries, sources }: PlannedImage,
  missing: readonly string[],
  reasonOf: (destination: string) => string | undefined,
): EntryFailure {
  const shown = missing.slice(0, SHOWN_COMPONENTS);
  const more = missing.length > shown.length ? `, and ${missing.length - shown.length} more` : '';
  // Mostly it is one reason: it is said once.
  const reasons = [...Map.groupBy(shown, (component) => reasonOf(component) ?? '')].map(
    ([reason, same]) => `${same.join(', ')} (${reason})`,
  );
  const error = new ControllerError(
    'RELEASE_INCOMPLETE',
    `the release ${place.tag} is not published, since images of it are not there: ${reasons.join(', ')}${more}`,
    {
      remedy: 'retry-later',
      hint: 'The next pass tries again; what arrived is not copied again.',
    },
  );
  return { entries, wanted: sources[0]?.source ?? place.tag, error };
}
