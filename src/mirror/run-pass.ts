import { ControllerError } from '../base/controller-error.ts';
import type { Platform } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageSource, ImageTarget } from '../oci/ends.ts';
import { type CopyContext, createCopyContext, type CopyOptions } from './copy-context.ts';
import { copyImage, type CopyResult } from './copy-image.ts';
import { createPassQueue, type QueuedImage } from './pass-queue.ts';

/** One image of a pass. `id` names it in results, progress and what others wait for. */
export interface PassImage extends QueuedImage {
  readonly source: ImageSource;
  readonly target: ImageTarget;
  readonly digest: Digest;
  readonly tag: string;
  /** Only these instances of an index; absent: all. */
  readonly platforms?: readonly Platform[] | undefined;
  /** Whether signatures and referrers come along; default: yes. */
  readonly attachments?: boolean;
  /** It is known to be at its place (`lookPresent`): only new attachments are copied. */
  readonly isPresent?: boolean;
  /** Its distinct blobs, where they are known before: which image of several sends one does not depend on chance then. */
  readonly blobs?: readonly Digest[] | undefined;
  /** Bytes in its distinct blobs, where they are known before; for progress. */
  readonly bytes?: number | undefined;
}

export interface PassOptions extends CopyOptions {
  /** Images in flight at once; default 8. */
  readonly parallelImages?: number;
  /** Most milliseconds that one image may take, all attempts and pauses included; absent: no limit. */
  readonly imageTimeoutMs?: number;
  /** When it is aborted no further image starts, and what is in flight is finished. */
  readonly stopping?: AbortSignal;
}

export type PassImageResult =
  | { readonly status: 'copied' | 'present'; readonly result: CopyResult }
  | { readonly status: 'failed'; readonly error: ControllerError }
  /** Not copied, since images that it requires failed. */
  | { readonly status: 'skipped'; readonly failed: readonly string[] }
  | { readonly status: 'aborted' | 'not-started' };

/** How a pass ended, by image id: every image, in the order they were given in. */
export type PassResult = ReadonlyMap<string, PassImageResult>;

/**
 * Copies many images: lower ranks first, so many at once, each blob and manifest once over all of them. A bad
 * image fails alone (design.md, section 1, promise 5). An abort is no error: what is in flight is given up, and
 * the result says what is left.
 */
export async function runPass(
  images: readonly PassImage[],
  options: PassOptions,
  signal: AbortSignal,
): Promise<PassResult> {
  const { parallelImages = 8 } = options;
  const context = createCopyContext(options);
  const queue = createPassQueue(images);
  const results = new Map(
    images.map(({ id }): [string, PassImageResult] => [id, { status: 'not-started' }]),
  );
  const running = new Set<Promise<void>>();
  const { progress } = context;

  function finish(id: string, result: PassImageResult): void {
    results.set(id, result);
    progress.report(eventOf(id, result));
    const isThere = result.status === 'copied' || result.status === 'present';
    for (const { image, failed } of queue.settle(id, isThere)) {
      finish(image.id, { status: 'skipped', failed });
    }
  }

  async function work(image: PassImage): Promise<void> {
    progress.report({ kind: 'image-started', image: image.id });
    if (image.isPresent !== true)
      context.turns.start(image.id, image.target.scope, image.blobs ?? []);
    const result = await copyOne(image, context, options.imageTimeoutMs, signal);
    context.turns.end(image.id);
    finish(image.id, result);
  }

  progress.report({ kind: 'pass-started', images: images.length, bytes: sumOf(images) });
  const isStopped = (): boolean => signal.aborted || options.stopping?.aborted === true;
  for (;;) {
    while (running.size < parallelImages && !isStopped()) {
      const image = queue.next();
      if (image === undefined) break;
      const one = work(image).finally(() => running.delete(one));
      running.add(one);
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  for (const { id } of queue.rest()) {
    progress.report({ kind: 'image-left', image: id });
  }
  progress.report({ kind: 'pass-finished' });
  return results;
}

async function copyOne(
  image: PassImage,
  context: CopyContext,
  timeoutMs: number | undefined,
  signal: AbortSignal,
): Promise<PassImageResult> {
  const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const both = timeout === undefined ? signal : AbortSignal.any([signal, timeout]);
  const { source, target, attachments = true } = image;
  try {
    const result = await copyImage(source, target, { ...image, attachments }, context, both);
    return { status: image.isPresent === true ? 'present' : 'copied', result };
  } catch (error) {
    if (signal.aborted) return { status: 'aborted' };
    if (timeout?.aborted === true)
      return { status: 'failed', error: tookTooLong(image, timeoutMs) };
    if (error instanceof ControllerError) return { status: 'failed', error };
    return { status: 'failed', error: defect(image, error) };
  }
}

function eventOf(
  image: string,
  result: PassImageResult,
): Parameters<CopyContext['progress']['report']>[0] {
  switch (result.status) {
    case 'copied':
    case 'present':
      return { kind: 'image-finished', image, status: result.status };
    case 'failed':
      return { kind: 'image-failed', image, error: result.error };
    case 'skipped':
    case 'aborted':
    case 'not-started':
      return { kind: 'image-left', image };
    default:
      return result satisfies never;
  }
}

function sumOf(images: readonly PassImage[]): number | undefined {
  let sum = 0;
  for (const { bytes } of images) {
    if (bytes === undefined) return undefined;
    sum += bytes;
  }
  return sum;
}

function tookTooLong({ source, target, tag }: PassImage, timeoutMs = 0): ControllerError {
  return new ControllerError(
    'TIMEOUT',
    `copying ${source.name} to ${target.name}:${tag} took more than ${timeoutMs / 1000} s`,
    {
      remedy: 'retry-later',
      hint: 'Give it more time (--image-timeout); blobs that arrived are not sent again.',
    },
  );
}

function defect({ source, target, tag }: PassImage, cause: unknown): ControllerError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ControllerError(
    'INTERNAL',
    `copying ${source.name} to ${target.name}:${tag} failed: ${reason}`,
    { remedy: 'retry-later', hint: 'This is a defect; please report it.', cause },
  );
}
