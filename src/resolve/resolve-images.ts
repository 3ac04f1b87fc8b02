import { ControllerError } from '../base/controller-error.ts';
import { forEachConcurrently } from '../base/for-each-concurrently.ts';
import type { EntryFailure } from '../lock/entry-failure.ts';
import type { WantedImage } from '../lock/wanted-image.ts';
import type { Platform } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type Reference, formatReference } from '../oci/reference.ts';
import type { ImageRequest } from './image-request.ts';

export interface ResolveDependencies {
  /** Asks a source for the digest of a tag, or of the one image of a layout. @throws ControllerError */
  readonly lookUpDigest: (reference: Reference, signal: AbortSignal) => Promise<Digest>;
  /** The digest that the locks of this registry have for a source; undefined at a resync, or where none has it. */
  readonly lockedDigest: (source: string) => Digest | undefined;
  /** Most sources asked at a time. */
  readonly parallel: number;
}

export interface Resolved {
  readonly wanted: readonly WantedImage[];
  readonly failures: readonly EntryFailure[];
}

/**
 * Tags to digests (design.md, section 5, step 3). What a lock knows is not asked for, one source is asked once; an
 * image that cannot be looked up fails alone.
 */
export async function resolveImages(
  requests: readonly ImageRequest[],
  dependencies: ResolveDependencies,
  signal: AbortSignal,
): Promise<Resolved> {
  const wanted: WantedImage[] = [];
  const failures: EntryFailure[] = [];
  const lookUp = digestFinder(dependencies, signal);
  const options = { limit: dependencies.parallel, signal };
  await forEachConcurrently(requests, options, async (request) => {
    const { reference, place, kind, entries, name } = request;
    try {
      const source = formatReference(reference);
      const digest = request.digest ?? (await lookUp(reference, source));
      const platforms = sortPlatforms(request.platforms);
      const some = platforms === undefined ? {} : { platforms };
      wanted.push({ place, digest, source, kind, ...some, entries });
    } catch (error) {
      if (!(error instanceof ControllerError) || signal.aborted) throw error;
      failures.push({ entries, wanted: name, error });
    }
  });
  return { wanted, failures };
}

/** Digests of references: their own, the lock's, else the source's, asked once. */
export function digestFinder(
  { lookUpDigest, lockedDigest }: Pick<ResolveDependencies, 'lookUpDigest' | 'lockedDigest'>,
  signal: AbortSignal,
): (reference: Reference, source: string) => Digest | Promise<Digest> {
  const lookUps = new Map<string, Promise<Digest>>();
  return (reference, source) => {
    if (reference.digest !== undefined) return reference.digest;
    const locked = lockedDigest(source);
    if (locked !== undefined) return locked;
    const asked = lookUps.get(source);
    if (asked !== undefined) return asked;
    const asking = lookUpDigest(reference, signal);
    lookUps.set(source, asking);
    return asking;
  };
}

/** Sorted, each once; undefined, which is every instance, for an empty list. */
export function sortPlatforms(platforms: readonly Platform[] | undefined): Platform[] | undefined {
  if (platforms === undefined || platforms.length === 0) return undefined;
  const byName = new Map(
    platforms.map(({ os, architecture }) => [`${os}/${architecture}`, { os, architecture }]),
  );
  return [...byName.keys()].sort().flatMap((name) => byName.get(name) ?? []);
}
