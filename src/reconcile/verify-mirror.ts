import type { ControllerError } from '../base/controller-error.ts';
import type { Lock, LockedImage } from '../lock/lock.ts';
import { type Presence, verifyImages } from '../mirror/presence.ts';
import type { ProgressSink } from '../mirror/progress-sink.ts';
import { type PassImage, runPass } from '../mirror/run-pass.ts';
import { absolutePlace } from '../oci/destination.ts';
import { type Reference, parseReference } from '../oci/reference.ts';
import type { MirrorSettings, Settings } from '../settings/settings.ts';
import { type Ends, sourceOf, targetOf } from './ends.ts';

/** What verifying is made with. */
export interface VerifyContext {
  readonly mirror: MirrorSettings;
  readonly transfer: Settings['transfer'];
  readonly ends: Ends;
  readonly progress: ProgressSink;
}

/** A place that is not as the lock says. */
export interface Difference {
  readonly line: LockedImage;
  readonly presence: Exclude<Presence, { readonly kind: 'present' }>;
}

/** Compares the registry with the lock: every image of it, and every instance of an index. Asks the destination alone. */
export async function verifyMirror(
  { mirror, transfer, ends }: VerifyContext,
  lock: Lock,
  signal: AbortSignal,
): Promise<Difference[]> {
  const lines = new Map(lock.images.map((line) => [line.destination, line]));
  const asked = [...lines.values()].flatMap((line) => {
    const place = absolutePlace(line.destination, mirror.destination);
    if (place === undefined) return [];
    const { destination, digest, platforms } = line;
    return [{ id: destination, target: targetOf(ends, place), digest, tag: place.tag, platforms }];
  });
  const options = { manifests: ends.manifests, parallelImages: transfer.parallelBlobs };
  const found = await verifyImages(asked, options, signal);
  return [...lines.values()].flatMap((line) => {
    const presence = found.get(line.destination);
    return presence === undefined || presence.kind === 'present' ? [] : [{ line, presence }];
  });
}

/** What could not be healed, and why. */
export interface Unhealed {
  readonly line: LockedImage;
  readonly error: ControllerError | undefined;
}

/** Mirrors again, by digest from the source, what is not as the lock says. What cannot be healed is returned. */
export async function healMirror(
  context: VerifyContext,
  differences: readonly Difference[],
  signal: AbortSignal,
): Promise<Unhealed[]> {
  const { mirror, transfer, ends, progress } = context;
  const images = differences.flatMap(({ line }): PassImage[] => {
    const place = absolutePlace(line.destination, mirror.destination);
    if (place === undefined) return [];
    return [
      {
        id: line.destination,
        source: sourceOf(ends, byDigest(line), mirror.ociRoot),
        target: targetOf(ends, place),
        digest: line.digest,
        tag: place.tag,
        platforms: line.platforms,
        rank: 0,
        attachments: !mirror.removeSignatures,
      },
    ];
  });
  const results = await runPass(
    images,
    { manifests: ends.manifests, ...transfer, progress },
    signal,
  );
  return differences.flatMap(({ line }) => {
    const result = results.get(line.destination);
    if (result?.status === 'copied' || result?.status === 'present') return [];
    return [{ line, error: result?.status === 'failed' ? result.error : undefined }];
  });
}

/** A tag may have moved since: the digest of the lock is what is to be there. */
function byDigest({ source, digest }: LockedImage): Reference {
  return { ...parseReference(source), digest };
}
