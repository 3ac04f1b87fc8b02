import { ControllerError } from '../base/controller-error.ts';
import type { GitRepository } from '../git/git-repository.ts';
import type { Lock, LockedImage } from '../lock/lock.ts';
import { type Presence, verifyImages } from '../mirror/presence.ts';
import type { ProgressSink } from '../mirror/progress-sink.ts';
import { type PassImage, runPass } from '../mirror/run-pass.ts';
import { absolutePlace } from '../oci/destination.ts';
import type { ImageSource } from '../oci/ends.ts';
import { type Reference, parseReference } from '../oci/reference.ts';
import type { ReleaseSources } from '../release/release-sources.ts';
import type { MirrorSettings, Settings } from '../settings/settings.ts';
import { buildAgain } from './catalogs/build-again.ts';
import { type Ends, sourceOf, targetOf } from './ends.ts';
import { filesAtCommit } from './files-at-commit.ts';
import type { MirrorFiles } from './read-mirror-files.ts';
import { graphImageAgain } from './releases/graph-image-again.ts';

/** What verifying is made with. */
export interface VerifyContext {
  readonly mirror: MirrorSettings;
  readonly transfer: Settings['transfer'];
  readonly ends: Ends;
  readonly releases: ReleaseSources;
  readonly progress: ProgressSink;
  readonly sourceGit: GitRepository;
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

/**
 * Mirrors again, by digest from the source, what is not as the lock says; what was built is built again. What
 * cannot be healed is returned.
 */
export async function healMirror(
  context: VerifyContext,
  lock: Lock,
  differences: readonly Difference[],
  signal: AbortSignal,
): Promise<Unhealed[]> {
  const { mirror, transfer, ends, progress } = context;
  const images: PassImage[] = [];
  const errors = new Map<string, ControllerError>();
  const openSource = sourceOpener(context, lock);
  for (const { line } of differences) {
    const place = absolutePlace(line.destination, mirror.destination);
    if (place === undefined) continue;
    try {
      images.push({
        id: line.destination,
        source: await openSource(line, signal),
        target: targetOf(ends, place),
        digest: line.digest,
        tag: place.tag,
        platforms: line.platforms,
        rank: 0,
        attachments: !mirror.removeSignatures,
      });
    } catch (error) {
      if (!(error instanceof ControllerError) || signal.aborted) throw error;
      errors.set(line.destination, error);
    }
  }
  const results = await runPass(
    images,
    { manifests: ends.manifests, ...transfer, progress },
    signal,
  );
  return differences.flatMap(({ line }) => {
    const result = results.get(line.destination);
    if (result?.status === 'copied' || result?.status === 'present') return [];
    const error = result?.status === 'failed' ? result.error : errors.get(line.destination);
    return [{ line, error }];
  });
}

function sourceOpener(
  { mirror, ends, releases, sourceGit }: VerifyContext,
  lock: Lock,
): (line: LockedImage, signal: AbortSignal) => Promise<ImageSource> {
  let reading: Promise<MirrorFiles | undefined> | undefined;
  const filesOfLock = (signal: AbortSignal): Promise<MirrorFiles | undefined> =>
    (reading ??= filesAtCommit(sourceGit, lock.source.commit, mirror.paths, signal));
  return async (line, signal) => {
    if (line.kind === 'graph') return graphImageAgain({ ends, releases }, line, signal);
    return (
      (await buildAgain({ mirror, ends, filesOfLock }, lock, line, signal)) ??
      sourceOf(ends, byDigest(line), mirror.ociRoot)
    );
  };
}

/** A tag may have moved since: the digest of the lock is what is to be there. */
function byDigest({ source, digest }: LockedImage): Reference {
  return { ...parseReference(source), digest };
}
