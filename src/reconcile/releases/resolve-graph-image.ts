import type { Lock, LockedImage } from '../../lock/lock.ts';
import type { WantedImage, WantingEntry } from '../../lock/wanted-image.ts';
import { formatDestination, relativePlace } from '../../oci/destination.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { type RegistryReference, formatReference, parseReference } from '../../oci/reference.ts';
import { ControllerError } from '../../base/controller-error.ts';
import { lookUpBase } from '../../release/graph-image/look-up-base.ts';
import { placeGraphImage } from '../../release/release-places.ts';
import type { ReleaseSources } from '../../release/release-sources.ts';
import type { ResolveDependencies } from '../../resolve/resolve-images.ts';
import { sourceOf } from '../ends.ts';
import type { PassContext } from '../pass-context.ts';

export interface ResolvedGraphImage {
  readonly wanted: WantedImage;
  /** What was built in this pass, and where it is copied from. */
  readonly built?: { readonly digest: Digest; readonly image: ImageSource };
}

/**
 * The graph image that entries want (design.md, section 5, step 3): the lock's until `resync`, and as long as the graph
 * data are the same; else it is built.
 * @throws ControllerError DOWNLOAD_FAILED, GRAPH_DATA_INVALID, and those of the base's source
 */
export async function resolveGraphImage(
  context: Pick<PassContext, 'mirror' | 'ends' | 'releases' | 'isResync'>,
  lock: Lock | undefined,
  entries: readonly WantingEntry[],
  { lookUpDigest }: Pick<ResolveDependencies, 'lookUpDigest'>,
  signal: AbortSignal,
): Promise<ResolvedGraphImage> {
  const { mirror, ends, releases, isResync } = context;
  const { graphImage } = releases;
  const place = placeGraphImage(mirror.destination);
  const base = baseReference(graphImage.base);
  const line = lineOf(lock, mirror.destination, graphImage, base);
  const asLocked = (kept: KeptGraphImage): ResolvedGraphImage => {
    const { digest, source, kind, data, base: builtOn } = kept;
    return {
      wanted: { place, digest, source, kind, builtFrom: { data, base: builtOn }, entries },
    };
  };
  if (line !== undefined && !isResync) return asLocked(line);
  const data = await graphImage.fetchData('now', signal);
  // The base is asked for only when the data changed: one commit for each of its patches would be noise.
  if (line?.data === data.digest) return asLocked(line);
  const digest = base.digest ?? (await lookUpBase(() => lookUpDigest(base, signal)));
  const source = sourceOf(ends, base, undefined);
  const built = await graphImage.build({ source, digest }, data, signal);
  return {
    wanted: {
      ...{ place, digest: built.digest, source: graphImage.url, kind: 'graph', entries },
      builtFrom: { data: data.digest, base: nameOf({ ...base, digest }) },
    },
    built,
  };
}

type KeptGraphImage = LockedImage & { readonly data: Digest; readonly base: string };

/** The lock's graph image, if it was built of what the settings name. */
function lineOf(
  lock: Lock | undefined,
  destination: PassContext['mirror']['destination'],
  { url }: ReleaseSources['graphImage'],
  base: RegistryReference,
): KeptGraphImage | undefined {
  if (lock?.destination !== formatDestination(destination)) return undefined;
  const at = relativePlace(placeGraphImage(destination), destination);
  const line = lock.images.find(({ destination: here, kind }) => here === at && kind === 'graph');
  if (line?.data === undefined || line.base === undefined || line.source !== url) return undefined;
  const wasBuiltOn = parseReference(line.base);
  if (wasBuiltOn.kind !== 'registry') return undefined;
  const isSameBase =
    wasBuiltOn.registry === base.registry &&
    wasBuiltOn.repository === base.repository &&
    (base.digest ?? wasBuiltOn.digest) === wasBuiltOn.digest;
  return isSameBase ? { ...line, data: line.data, base: line.base } : undefined;
}

function baseReference(text: string): RegistryReference {
  const reference = parseReference(text);
  if (reference.kind === 'registry') return reference;
  throw new ControllerError(
    'SETTINGS_INVALID',
    `releases.graphBase ${text} is no image of a registry`,
    {
      remedy: 'wait-for-change',
      hint: 'Name it like registry.example.com/ubi9/ubi:latest.',
    },
  );
}

/** By digest alone, as the lock has it. */
function nameOf({ tag, ...reference }: RegistryReference): string {
  return formatReference(reference);
}
