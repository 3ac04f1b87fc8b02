import { ControllerError } from '../base/controller-error.ts';
import { forEachConcurrently } from '../base/for-each-concurrently.ts';
import type { Platform } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageTarget } from '../oci/ends.ts';
import type { ManifestCache } from '../store/manifest-cache.ts';
import { readImageTree } from './image-tree.ts';

/** An image that should be at a place. */
export interface PlacedImage {
  readonly id: string;
  readonly target: ImageTarget;
  readonly digest: Digest;
  readonly tag: string;
  /** Only these instances of an index; absent: all. */
  readonly platforms?: readonly Platform[] | undefined;
}

/** What is at the place of an image. */
export type Presence =
  | { readonly kind: 'present' }
  | { readonly kind: 'absent' }
  /** The tag names something else. */
  | { readonly kind: 'other'; readonly digest: Digest }
  /** The tag is right, but these manifests of the index are not there. */
  | { readonly kind: 'incomplete'; readonly missing: readonly Digest[] }
  | { readonly kind: 'unknown'; readonly error: ControllerError };

export interface PresenceOptions {
  readonly manifests: ManifestCache;
  /** Images looked at at once; default 16. */
  readonly parallelImages?: number;
}

/**
 * Which images are at their place already: one request each, and one more for every chosen instance of an
 * index by platforms, which may be sparse (design.md, section 4, "No lock").
 *
 * @returns by image id, in the order of `images`; what could not be looked at is `unknown`.
 */
export function lookPresent(
  images: readonly PlacedImage[],
  options: PresenceOptions,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Presence>> {
  return lookAtAll(images, 'chosen-instances', options, signal);
}

/**
 * As `lookPresent`, for comparing the registry with the lock: every instance of every index is looked at, since
 * a registry may have lost one.
 */
export function verifyImages(
  images: readonly PlacedImage[],
  options: PresenceOptions,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Presence>> {
  return lookAtAll(images, 'all-instances', options, signal);
}

async function lookAtAll(
  images: readonly PlacedImage[],
  depth: 'chosen-instances' | 'all-instances',
  { manifests, parallelImages = 16 }: PresenceOptions,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Presence>> {
  // Each id has its place from the start, so that the order is the caller's and not that of the answers.
  const presences = new Map(images.map(({ id }): [string, Presence] => [id, { kind: 'absent' }]));
  await forEachConcurrently(images, { limit: parallelImages, signal }, async (image, one) => {
    try {
      presences.set(image.id, await lookAt(image, depth, manifests, one));
    } catch (error) {
      if (one.aborted || !(error instanceof ControllerError)) throw error;
      presences.set(image.id, { kind: 'unknown', error });
    }
  });
  return presences;
}

async function lookAt(
  { target, digest, tag, platforms }: PlacedImage,
  depth: 'chosen-instances' | 'all-instances',
  manifests: ManifestCache,
  signal: AbortSignal,
): Promise<Presence> {
  const found = await target.findManifest({ kind: 'tag', tag }, signal);
  if (found === undefined) return { kind: 'absent' };
  if (found !== digest) return { kind: 'other', digest: found };
  if (depth === 'chosen-instances' && platforms === undefined) return { kind: 'present' };

  const below = await namedBelow(target, digest, platforms, manifests, signal);
  if (below === 'broken') return { kind: 'incomplete', missing: [] };
  const missing: Digest[] = [];
  await forEachConcurrently(below, { limit: 4, signal }, async (child, one) => {
    const there = await target.findManifest({ kind: 'digest', digest: child }, one);
    if (there === undefined) missing.push(child);
  });
  return missing.length === 0
    ? { kind: 'present' }
    : { kind: 'incomplete', missing: below.filter((child) => missing.includes(child)) };
}

/** Every manifest that the image needs besides itself; `broken` where an index among them is not there. */
async function namedBelow(
  target: ImageTarget,
  digest: Digest,
  platforms: readonly Platform[] | undefined,
  manifests: ManifestCache,
  signal: AbortSignal,
): Promise<Digest[] | 'broken'> {
  try {
    const options = { platforms, read: 'indexes' } as const;
    const { nodes, instances } = await readImageTree(target, digest, options, manifests, signal);
    const indexes = nodes.slice(0, -1).map(({ manifest }) => manifest.digest);
    return [...instances, ...indexes];
  } catch (error) {
    if (error instanceof ControllerError && error.code === 'REGISTRY_NOT_FOUND') return 'broken';
    throw error;
  }
}
