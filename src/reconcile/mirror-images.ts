import { ControllerError } from '../base/controller-error.ts';
import type { EntryFailure } from '../lock/entry-failure.ts';
import type { LockedImage } from '../lock/lock.ts';
import { lookPresent, verifyImages } from '../mirror/presence.ts';
import { type PassImage, type PassImageResult, runPass } from '../mirror/run-pass.ts';
import { type Place, absolutePlace, formatPlace } from '../oci/destination.ts';
import { parseReference } from '../oci/reference.ts';
import type { PlannedImage } from '../plan/plan.ts';
import type { PassOutcome } from '../plan/next-lock.ts';
import { sourceOf, targetOf } from './ends.ts';
import { knownBlobs } from './known-blobs.ts';
import { sizeOf } from './known-content.ts';
import type { PassContext } from './pass-context.ts';
import { preflight } from './preflight.ts';
import { type PreparedPlan, isBeingDeleted } from './prepare-plan.ts';

/** What became of the images of a plan. */
export interface MirroredImages {
  readonly outcome: PassOutcome;
  /** Images that could not be mirrored, for the entries that want them. */
  readonly failures: readonly EntryFailure[];
  readonly bytesSent: number;
  readonly warnings: readonly string[];
}

/**
 * Copies the adds and updates of a plan (design.md, section 5, step 5). What is at its place under the right digest is
 * taken over; one bad image fails alone.
 * @throws ControllerError ABORTED when the pass was stopped: nothing is to be published then.
 */
export async function mirrorImages(
  context: PassContext,
  prepared: PreparedPlan,
  signal: AbortSignal,
): Promise<MirroredImages> {
  const { plan } = prepared;
  const planned = [...plan.adds, ...plan.updates];
  const presence = await look(context, prepared, planned, signal);
  // Of a pass that was killed before it published, mostly: what these have need not be sent to others again.
  const present = planned.filter(({ destination }) => presence.present.has(destination));
  const refreshed =
    context.isResync && !context.mirror.removeSignatures ? keptImages(context, plan.keeps) : [];
  const images = [
    ...planned.map((image) =>
      passImage(context, prepared, image, presence.present.has(image.destination)),
    ),
    ...refreshed,
  ];
  const missing = images.filter(({ isPresent }) => isPresent !== true);
  const refused =
    missing.length === 0 ? undefined : await refusal(context, planned, missing, signal);
  const possible =
    refused === undefined ? images : images.filter(({ isPresent }) => isPresent === true);
  const results =
    possible.length === 0
      ? new Map<string, PassImageResult>()
      : await runPass(
          possible,
          {
            manifests: context.ends.manifests,
            parallelImages: context.transfer.parallelImages,
            parallelBlobs: context.transfer.parallelBlobs,
            knownBlobs:
              missing.length === 0
                ? () => []
                : await knownBlobs(context, prepared.locks, present, signal),
            progress: context.progress,
            stopping: context.stopping,
          },
          signal,
        );
  throwIfStopped(results);
  signal.throwIfAborted();
  return collect(planned, results, presence.returned, refused);
}

/** A pass that was stopped publishes nothing: what it copied is found again by the next one. */
function throwIfStopped(results: ReadonlyMap<string, PassImageResult>): void {
  const left = [...results].filter(
    ([, { status }]) => status === 'not-started' || status === 'aborted',
  );
  if (left.length === 0) return;
  const names = left.slice(0, 5).map(([id]) => id);
  const more = left.length > names.length ? ` and ${left.length - names.length} more` : '';
  throw new ControllerError(
    'ABORTED',
    `stopped: ${results.size - left.length} of ${results.size} images are done, left are ${names.join(', ')}${more}`,
    {
      remedy: 'retry-later',
      hint: 'Nothing was published. The next pass goes on; blobs that arrived are not sent again.',
    },
  );
}

interface Looked {
  /** Destinations of adds and updates that are there already. */
  readonly present: ReadonlySet<string>;
  /** Destinations of the plan's returns that are still there. */
  readonly returned: ReadonlySet<string>;
}

async function look(
  context: PassContext,
  { plan, others, recent }: PreparedPlan,
  planned: readonly PlannedImage[],
  signal: AbortSignal,
): Promise<Looked> {
  const { ends, mirror, transfer } = context;
  const candidates = planned.filter(({ place }) => !isBeingDeleted(place, others));
  const returns = plan.returns.flatMap((line) => {
    const place = absolutePlace(line.destination, mirror.destination);
    return place === undefined ? [] : [{ ...line, place }];
  });
  const asked = [...candidates, ...returns].map(({ destination, digest, platforms, place }) => ({
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
  const present = new Set(found.filter(([, { kind }]) => kind === 'present').map(([id]) => id));
  return {
    present: new Set(candidates.map(({ destination }) => destination)).intersection(present),
    returned: new Set(returns.map(({ destination }) => destination)).intersection(present),
  };
}

/** Why nothing can be pushed, found out before the first byte moves; undefined where it can. */
async function refusal(
  context: PassContext,
  planned: readonly PlannedImage[],
  missing: readonly PassImage[],
  signal: AbortSignal,
): Promise<ControllerError | undefined> {
  const place = planned.find(({ destination }) => destination === missing[0]?.id)?.place;
  if (place === undefined) return undefined;
  try {
    await preflight(context, place, signal);
    return undefined;
  } catch (error) {
    if (error instanceof ControllerError && !signal.aborted) return error;
    throw error;
  }
}

/** Images that stay: at a resync new signatures and referrers are looked for. */
function keptImages({ ends, mirror }: PassContext, lines: readonly LockedImage[]): PassImage[] {
  const images = new Map<string, PassImage>();
  for (const line of lines) {
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

function passImage(
  { ends, mirror }: PassContext,
  { blobsOf }: PreparedPlan,
  image: PlannedImage,
  isPresent: boolean,
): PassImage {
  const [source] = image.sources;
  if (source === undefined) throw new TypeError('a planned image has a source');
  const blobs = blobsOf(image.digest, image.platforms);
  return {
    id: image.destination,
    source: sourceOf(ends, parseReference(source.source), mirror.ociRoot),
    target: targetOf(ends, image.place),
    digest: image.digest,
    tag: image.place.tag,
    platforms: image.platforms,
    rank: 0,
    attachments: !mirror.removeSignatures,
    isPresent,
    blobs: blobs?.map(({ digest }) => digest),
    bytes: blobs === undefined ? undefined : sizeOf(blobs),
  };
}

function collect(
  planned: readonly PlannedImage[],
  results: ReadonlyMap<string, PassImageResult>,
  returned: ReadonlySet<string>,
  refused: ControllerError | undefined,
): MirroredImages {
  const done = new Map<string, number>();
  const failures: EntryFailure[] = [];
  const warnings: string[] = [];
  let bytesSent = 0;
  for (const result of results.values()) {
    if (result.status === 'copied' || result.status === 'present')
      bytesSent += result.result.bytesSent;
  }
  for (const image of planned) {
    const result = results.get(image.destination);
    if (result?.status === 'copied' || result?.status === 'present') {
      done.set(image.destination, result.result.bytes);
      warnings.push(...result.result.warnings.map((warning) => `${image.destination}: ${warning}`));
    } else if (result?.status === 'failed') {
      failures.push({ entries: image.entries, wanted: nameOf(image), error: result.error });
    } else {
      const error = refused ?? notStarted(image.place);
      failures.push({ entries: image.entries, wanted: nameOf(image), error });
    }
  }
  const catalogs = { kept: new Set<string>(), rebuilt: new Map() };
  return { outcome: { done, returned, catalogs }, failures, bytesSent, warnings };
}

function nameOf({ sources, destination }: PlannedImage): string {
  return sources[0]?.source ?? destination;
}

function notStarted(place: Place): ControllerError {
  return new ControllerError(
    'ABORTED',
    `${formatPlace(place)} was not mirrored: the pass was stopped`,
    {
      remedy: 'retry-later',
      hint: 'The next pass goes on.',
    },
  );
}
