import { formatProblem } from '../base/field-problem.ts';
import type { EntryFailure } from '../lock/entry-failure.ts';
import type { Lock, LockedImage } from '../lock/lock.ts';
import type { ImageKind } from '../lock/wanted-image.ts';
import type { PassImage } from '../mirror/run-pass.ts';
import { type Place, absolutePlace } from '../oci/destination.ts';
import { parseReference } from '../oci/reference.ts';
import type { PassOutcome } from '../plan/next-lock.ts';
import type { PlannedImage } from '../plan/plan.ts';
import { settleCatalogs } from './catalogs/settle-catalogs.ts';
import { type Copied, type FailedImage, copyPlanned } from './copy-planned.ts';
import { sourceOf, targetOf } from './ends.ts';
import { lookForReturns } from './look-for-places.ts';
import type { PassContext } from './pass-context.ts';
import { preflight } from './preflight.ts';
import { settleReleases } from './releases/settle-releases.ts';
import type { PreparedPlan } from './prepare-plan.ts';

/** What became of the images of a plan. */
export interface MirroredImages {
  readonly outcome: PassOutcome;
  /** Images that could not be mirrored, for the entries that want them. */
  readonly failures: readonly EntryFailure[];
  readonly bytesSent: number;
  readonly warnings: readonly string[];
}

/**
 * Copies the adds and updates of a plan, catalogs and payloads after what they name (design.md, section 5, step 5). What is at its
 * place under the right digest is taken over; one bad image fails alone.
 * @throws ControllerError ABORTED when the pass was stopped: nothing is to be published then.
 */
export async function mirrorImages(
  context: PassContext,
  prepared: PreparedPlan,
  signal: AbortSignal,
): Promise<MirroredImages> {
  const { plan } = prepared;
  const planned = [...plan.adds, ...plan.updates];
  const ofKind = (kind: ImageKind): PlannedImage[] => planned.filter((one) => one.kind === kind);
  const refreshed =
    context.isResync && !context.mirror.removeSignatures
      ? keptImages(context, prepared.lock, plan.keeps)
      : [];
  const images = planned.filter(({ kind }) => kind !== 'catalog' && kind !== 'release');
  // Once a pass: what is granted for the images is granted for their catalogs, or refused when they are pushed.
  let asking: Promise<void> | undefined;
  const mayPush = (place: Place): Promise<void> => (asking ??= preflight(context, place, signal));
  const first = await copyPlanned(context, prepared, { images, refreshed, mayPush }, signal);
  const returned = await lookForReturns(context, prepared, signal);
  const reasonOf = reasonsOf(plan, first);
  const releases = settleReleases(plan.releases, ofKind('release'), reasonOf);
  const catalogs = await settleCatalogs(
    { plan, images: ofKind('catalog'), builders: prepared.builders, reasonOf },
    signal,
  );
  const built = new Map([...prepared.built, ...catalogs.sources]);
  const second = await copyPlanned(
    context,
    { ...prepared, built },
    { images: [...releases.images, ...catalogs.images], mayPush },
    signal,
  );
  return {
    outcome: {
      done: new Map([...first.done, ...second.done]),
      returned,
      catalogs: catalogs.outcome,
    },
    failures: [
      ...[...first.failed.values(), ...second.failed.values()].map(failureOf),
      ...releases.failures,
      ...catalogs.failures,
    ],
    bytesSent: first.bytesSent + second.bytesSent,
    warnings: [...prepared.warnings.map(formatProblem), ...first.warnings, ...second.warnings],
  };
}

function failureOf({ image, error }: FailedImage): EntryFailure {
  return { entries: image.entries, wanted: nameOf(image), error };
}

/** Why an image that a bundle needs is not there. */
function reasonsOf(
  { keeps }: PreparedPlan['plan'],
  { done, failed }: Copied,
): (destination: string) => string | undefined {
  const kept = new Set(keeps.map(({ destination }) => destination));
  return (destination) => {
    if (kept.has(destination) || done.has(destination)) return undefined;
    return failed.get(destination)?.error.message ?? 'it is not there';
  };
}

/** Images that stay: at a resync new signatures and referrers are looked for. */
function keptImages(
  { ends, mirror }: PassContext,
  lock: Lock | undefined,
  lines: readonly LockedImage[],
): PassImage[] {
  const images = new Map<string, PassImage>();
  // What was built is at no source, and has no signatures.
  const built = new Set(
    lock?.catalogs.flatMap(({ destination, inputs }) =>
      inputs === undefined ? [] : [destination],
    ),
  );
  for (const line of lines) {
    if (built.has(line.destination) || line.kind === 'graph') continue;
    const place = absolutePlace(line.destination, mirror.destination);
    if (place === undefined || images.has(line.destination)) continue;
    images.set(line.destination, {
      id: line.destination,
      source: sourceOf(ends, parseReference(line.source), mirror.ociRoot),
      target: targetOf(ends, place),
      digest: line.digest,
      tag: place.tag,
      platforms: line.platforms,
      rank: 0,
      attachments: !mirror.removeSignatures,
      isPresent: true,
    });
  }
  return [...images.values()];
}

function nameOf({ sources, destination }: PlannedImage): string {
  return sources[0]?.source ?? destination;
}
