import { ControllerError } from '../base/controller-error.ts';
import { type PassImage, type PassImageResult, runPass } from '../mirror/run-pass.ts';
import { type Place, formatPlace } from '../oci/destination.ts';
import { parseReference } from '../oci/reference.ts';
import type { PlannedImage } from '../plan/plan.ts';
import { sourceOf, targetOf } from './ends.ts';
import { knownBlobs } from './known-blobs.ts';
import { sizeOf } from './known-content.ts';
import { lookForPlanned } from './look-for-places.ts';
import type { PassContext } from './pass-context.ts';
import type { PreparedPlan } from './prepare-plan.ts';

/** What became of some images of a plan. Keys are destinations. */
export interface Copied {
  /** With the bytes of their distinct blobs. */
  readonly done: ReadonlyMap<string, number>;
  readonly failed: ReadonlyMap<string, FailedImage>;
  readonly bytesSent: number;
  readonly warnings: readonly string[];
}

export interface FailedImage {
  readonly image: PlannedImage;
  readonly error: ControllerError;
}

/** Copies images of a plan; one bad image fails alone. @throws ControllerError ABORTED when the pass was stopped. */
export async function copyPlanned(
  context: PassContext,
  prepared: PreparedPlan,
  {
    images: planned,
    refreshed = [],
    mayPush,
  }: {
    readonly images: readonly PlannedImage[];
    /** Finds out, before the first byte moves, whether pushing to the mirror works. @throws ControllerError */
    readonly mayPush: (place: Place) => Promise<void>;
    /** Images that stay, of which new attachments are looked for. */
    readonly refreshed?: readonly PassImage[];
  },
  signal: AbortSignal,
): Promise<Copied> {
  const presentAt = await lookForPlanned(context, prepared, planned, signal);
  // Of a pass that was killed before it published, mostly: what these have need not be sent to others again.
  const present = planned.filter(({ destination }) => presentAt.has(destination));
  const images = [
    ...planned.map((image) =>
      passImage(context, prepared, image, presentAt.has(image.destination)),
    ),
    ...refreshed,
  ];
  const missing = images.filter(({ isPresent }) => isPresent !== true);
  const refused =
    missing.length === 0 ? undefined : await refusal(planned, missing, mayPush, signal);
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
  return collect(planned, results, refused);
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

/** Why nothing can be pushed, found out before the first byte moves; undefined where it can. */
async function refusal(
  planned: readonly PlannedImage[],
  missing: readonly PassImage[],
  mayPush: (place: Place) => Promise<void>,
  signal: AbortSignal,
): Promise<ControllerError | undefined> {
  const place = planned.find(({ destination }) => destination === missing[0]?.id)?.place;
  if (place === undefined) return undefined;
  try {
    await mayPush(place);
    return undefined;
  } catch (error) {
    if (error instanceof ControllerError && !signal.aborted) return error;
    throw error;
  }
}

function passImage(
  { ends, mirror }: PassContext,
  { blobsOf, built }: PreparedPlan,
  image: PlannedImage,
  isPresent: boolean,
): PassImage {
  const [source] = image.sources;
  if (source === undefined) throw new TypeError('a planned image has a source');
  const blobs = blobsOf(image.digest, image.platforms);
  return {
    id: image.destination,
    source:
      built.get(image.digest) ?? sourceOf(ends, parseReference(source.source), mirror.ociRoot),
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
  refused: ControllerError | undefined,
): Copied {
  const done = new Map<string, number>();
  const failed = new Map<string, FailedImage>();
  const warnings: string[] = [];
  let bytesSent = 0;
  for (const result of results.values()) {
    if (result.status === 'copied' || result.status === 'present')
      bytesSent += result.result.bytesSent;
  }
  for (const image of planned) {
    const { destination, place } = image;
    const result = results.get(destination);
    if (result?.status === 'copied' || result?.status === 'present') {
      done.set(destination, result.result.bytes);
      warnings.push(...result.result.warnings.map((warning) => `${destination}: ${warning}`));
    } else {
      const error = result?.status === 'failed' ? result.error : (refused ?? notStarted(place));
      failed.set(destination, { image, error });
    }
  }
  return { done, failed, bytesSent, warnings };
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
