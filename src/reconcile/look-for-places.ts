import { lookPresent, verifyImages } from '../mirror/presence.ts';
import { type Place, absolutePlace } from '../oci/destination.ts';
import type { PlannedImage } from '../plan/plan.ts';
import { targetOf } from './ends.ts';
import type { PassContext } from './pass-context.ts';
import { type PreparedPlan, isBeingDeleted } from './prepare-plan.ts';

/** Destinations of planned images that are there already. */
export async function lookForPlanned(
  context: PassContext,
  prepared: PreparedPlan,
  planned: readonly PlannedImage[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const { others } = prepared;
  const candidates = planned.filter(({ place }) => !isBeingDeleted(place, others));
  return lookForPlaces(context, prepared, candidates, signal);
}

/** Destinations of the plan's returns that are still there. */
export async function lookForReturns(
  context: PassContext,
  prepared: PreparedPlan,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const returns = prepared.plan.returns.flatMap((line) => {
    const place = absolutePlace(line.destination, context.mirror.destination);
    return place === undefined ? [] : [{ ...line, place }];
  });
  return lookForPlaces(context, prepared, returns, signal);
}

async function lookForPlaces(
  { ends, transfer }: PassContext,
  { recent }: PreparedPlan,
  images: readonly (Pick<PlannedImage, 'destination' | 'digest' | 'platforms'> & {
    readonly place: Place;
  })[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const asked = images.map(({ destination, digest, platforms, place }) => ({
    id: destination,
    target: targetOf(ends, place),
    digest,
    tag: place.tag,
    platforms,
    place,
  }));
  const options = { manifests: ends.manifests, parallelImages: transfer.parallelBlobs };
  // Of an index in doubt an instance may have been taken, though its tag is there.
  const { inDoubt = [], others: sure = [] } = Object.groupBy(asked, ({ place, digest }) =>
    recent.isInDoubt(place, digest) ? 'inDoubt' : 'others',
  );
  const found = [
    ...(await lookPresent(sure, options, signal)),
    ...(await verifyImages(inDoubt, options, signal)),
  ];
  return new Set(found.filter(([, { kind }]) => kind === 'present').map(([id]) => id));
}
