import { ControllerError } from '../base/controller-error.ts';
import { forEachConcurrently } from '../base/for-each-concurrently.ts';
import type { EntryFailure } from '../lock/entry-failure.ts';
import type { WantedImage, WantingEntry } from '../lock/wanted-image.ts';
import type { Platform } from '../oci/descriptor.ts';
import { type Destination, placeAdditionalImage } from '../oci/destination.ts';
import type { Digest } from '../oci/digest.ts';
import { type Reference, formatReference, parseReference } from '../oci/reference.ts';

/** One entry of `additionalImages`, with where it stands. */
export interface AdditionalEntry {
  readonly name: string;
  readonly targetRepo?: string | undefined;
  readonly targetTag?: string | undefined;
  readonly platforms?: readonly Platform[] | undefined;
  readonly entry: WantingEntry;
}

export interface ResolveDependencies {
  /** Asks a source for the digest of a tag, or of the one image of a layout. @throws ControllerError */
  readonly lookUpDigest: (reference: Reference, signal: AbortSignal) => Promise<Digest>;
  /** The digest that the locks of this registry have for a source; undefined at a resync, or where none has it. */
  readonly lockedDigest: (source: string) => Digest | undefined;
  /** Most entries looked up at a time. */
  readonly parallel: number;
}

export interface Resolved {
  readonly wanted: readonly WantedImage[];
  readonly failures: readonly EntryFailure[];
}

/**
 * Entries to wanted images: where each goes and which digest it is (spec, config-and-outputs, 3.1; design.md,
 * section 5, step 3). Blocked entries are left out by the caller. What a lock knows is not asked for; an
 * entry that cannot be resolved fails alone.
 */
export async function resolveAdditional(
  entries: readonly AdditionalEntry[],
  destination: Destination,
  { lookUpDigest, lockedDigest, parallel }: ResolveDependencies,
  signal: AbortSignal,
): Promise<Resolved> {
  const wanted: WantedImage[] = [];
  const failures: EntryFailure[] = [];
  const lookUps = new Map<string, Promise<Digest>>();

  function digestOf(reference: Reference, source: string): Digest | Promise<Digest> {
    if (reference.digest !== undefined) return reference.digest;
    const locked = lockedDigest(source);
    if (locked !== undefined) return locked;
    const asked = lookUps.get(source);
    if (asked !== undefined) return asked;
    const asking = lookUpDigest(reference, signal);
    lookUps.set(source, asking);
    return asking;
  }

  await forEachConcurrently(entries, { limit: parallel, signal }, async (additional) => {
    try {
      const reference = parseReference(additional.name);
      const place = placeAdditionalImage(reference, additional, destination);
      const source = formatReference(reference);
      const digest = await digestOf(reference, source);
      const platforms = sortPlatforms(additional.platforms);
      wanted.push({
        place,
        digest,
        source,
        kind: 'additional',
        ...(platforms === undefined ? {} : { platforms }),
        entries: [additional.entry],
      });
    } catch (error) {
      if (!(error instanceof ControllerError) || signal.aborted) throw error;
      failures.push({ entries: [additional.entry], wanted: additional.name, error });
    }
  });
  return { wanted, failures };
}

function sortPlatforms(platforms: readonly Platform[] | undefined): Platform[] | undefined {
  if (platforms === undefined || platforms.length === 0) return undefined;
  const byName = new Map(
    platforms.map(({ os, architecture }) => [`${os}/${architecture}`, { os, architecture }]),
  );
  return [...byName.keys()].sort().flatMap((name) => byName.get(name) ?? []);
}
