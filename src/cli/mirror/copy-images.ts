import type { ControllerError } from '../../base/controller-error.ts';
import { forEachConcurrently } from '../../base/for-each-concurrently.ts';
import { lookPresent } from '../../mirror/presence.ts';
import type { ProgressSink } from '../../mirror/progress-sink.ts';
import {
  type PassImage,
  type PassImageResult,
  type PassResult,
  runPass,
} from '../../mirror/run-pass.ts';
import type { ImageKind } from '../../lock/wanted-image.ts';
import { formatPlace } from '../../oci/destination.ts';
import { parseReference } from '../../oci/reference.ts';
import { type Ends, sourceOf, targetOf } from '../../reconcile/ends.ts';
import { COPY_ORDER, type CollectedImage } from './collect-images.ts';

export interface CopyImagesOptions {
  readonly ends: Ends;
  /** Where `oci://` paths count from. */
  readonly cwd: string;
  readonly parallelImages: number;
  readonly parallelBlobs: number;
  /** For each image; 0 or less: none. */
  readonly imageTimeoutMs: number;
  /** Whether signatures, attestations and referrers come along. */
  readonly attachments: boolean;
  readonly progress: ProgressSink;
  /** When it is aborted no further image starts, and what is in flight is finished. */
  readonly stopping: AbortSignal;
  /** Told of every image that is there already, before the first copy. */
  readonly onPresent: (image: CollectedImage) => void;
}

/** What became of one image. */
export type ImageOutcome =
  | { readonly kind: 'there'; readonly image: CollectedImage; readonly warnings: readonly string[] }
  | { readonly kind: 'failed'; readonly image: CollectedImage; readonly error: ControllerError }
  /** The run was stopped before, or what the image requires failed. */
  | { readonly kind: 'left'; readonly image: CollectedImage };

/** Node's timers hold no more. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
/** Related and additional images need not wait for each other. */
const rankOf = (kind: ImageKind): number =>
  COPY_ORDER.indexOf(kind === 'additional' || kind === 'helm' ? 'related-image' : kind);

/**
 * Brings images to their places. What is there under the right digest is not copied again: one request at the
 * destination tells, and one at the source whether there are signatures to look for.
 * @returns an outcome for each image, in their order; an abort leaves images, it is no error.
 */
export async function copyImages(
  images: readonly CollectedImage[],
  options: CopyImagesOptions,
  signal: AbortSignal,
): Promise<ImageOutcome[]> {
  const byPlace = new Map<string, PassImage>();
  for (const image of images) {
    // One place that two sources fill with one digest is copied once.
    const id = idOf(image);
    if (!byPlace.has(id)) byPlace.set(id, passImageOf(image, options));
  }
  const present = await findComplete([...byPlace.values()], options, signal);
  for (const image of images) {
    if (present.get(idOf(image)) === 'complete') options.onPresent(image);
  }
  const left = [...byPlace.values()]
    .filter(({ id }) => present.get(id) !== 'complete')
    .map((image) => ({ ...image, isPresent: present.get(image.id) === 'without-attachments' }));
  const results: PassResult =
    left.length === 0 ? new Map() : await runPass(left, passOptionsOf(options), signal);
  return images.map((image) => {
    const id = idOf(image);
    if (present.get(id) === 'complete') return { kind: 'there', image, warnings: [] };
    return outcomeOf(image, results.get(id));
  });
}

/** What an image is called in progress events. */
export function idOf({ wanted }: Pick<CollectedImage, 'wanted'>): string {
  return formatPlace(wanted.place);
}

function passImageOf(
  { wanted, from, requires = [] }: CollectedImage,
  options: CopyImagesOptions,
): PassImage {
  return {
    id: formatPlace(wanted.place),
    rank: rankOf(wanted.kind),
    source: from ?? sourceOf(options.ends, parseReference(wanted.source), options.cwd),
    target: targetOf(options.ends, wanted.place),
    digest: wanted.digest,
    tag: wanted.place.tag,
    platforms: wanted.platforms,
    attachments: options.attachments,
    requires,
  };
}

function passOptionsOf({
  ends,
  parallelImages,
  parallelBlobs,
  imageTimeoutMs,
  progress,
  stopping,
}: CopyImagesOptions): Parameters<typeof runPass>[1] {
  const timeout =
    imageTimeoutMs > 0
      ? { imageTimeoutMs: Math.min(MAX_TIMEOUT_MS, Math.ceil(imageTimeoutMs)) }
      : {};
  return {
    manifests: ends.manifests,
    parallelImages,
    parallelBlobs,
    progress,
    stopping,
    ...timeout,
  };
}

/**
 * The images that are at their place already. `without-attachments`: the image is there, and its source has signatures
 * or referrers that may not be.
 */
async function findComplete(
  images: readonly PassImage[],
  { ends, parallelBlobs, attachments }: CopyImagesOptions,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, 'complete' | 'without-attachments'>> {
  const found = await lookPresent(
    images,
    { manifests: ends.manifests, parallelImages: parallelBlobs },
    signal,
  );
  const present = new Map<string, 'complete' | 'without-attachments'>();
  await forEachConcurrently(images, { limit: parallelBlobs, signal }, async (image, one) => {
    if (found.get(image.id)?.kind !== 'present') return;
    const isComplete = !attachments || !(await hasAttachments(image, one));
    present.set(image.id, isComplete ? 'complete' : 'without-attachments');
  });
  return present;
}

async function hasAttachments(
  { source, digest }: PassImage,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { tags, referrers } = await source.findAttachments(digest, signal);
    return tags.length + referrers.length > 0;
  } catch (error) {
    signal.throwIfAborted();
    // The pass asks again and says what is wrong.
    return error instanceof Error;
  }
}

function outcomeOf(image: CollectedImage, result: PassImageResult | undefined): ImageOutcome {
  switch (result?.status) {
    case 'copied':
    case 'present':
      return { kind: 'there', image, warnings: result.result.warnings };
    case 'failed':
      return { kind: 'failed', image, error: result.error };
    case 'skipped':
    case 'aborted':
    case 'not-started':
    case undefined:
      return { kind: 'left', image };
    default:
      return result satisfies never;
  }
}
