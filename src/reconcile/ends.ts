import type { Digest } from '../oci/digest.ts';
import type { Place } from '../oci/destination.ts';
import type { ImageSource, ImageTarget } from '../oci/ends.ts';
import { type Reference, manifestReferenceOf } from '../oci/reference.ts';
import type { RegistryClient } from '../registry/registry-client.ts';
import type { OpenBlobLists } from '../store/blob-lists.ts';
import type { ManifestCache } from '../store/manifest-cache.ts';

/** What images are read from and written to, for all passes of a process. */
export interface Ends {
  readonly reading: RegistryClient;
  readonly writing: RegistryClient;
  readonly manifests: ManifestCache;
  /** Opens what is remembered of which blobs images have. */
  readonly openBlobLists: OpenBlobLists;
  /** Opens a layout directory below a root. @throws ControllerError where that is not allowed. */
  readonly openLayout: (directory: string, root: string | undefined) => ImageSource;
  /** The folder that keeps what was read and built of operator catalogs; can be thrown away at any time. */
  readonly catalogFolder: string;
}

export function sourceOf(
  ends: Ends,
  reference: Reference,
  ociRoot: string | undefined,
): ImageSource {
  return reference.kind === 'layout'
    ? ends.openLayout(reference.directory, ociRoot)
    : ends.reading.source(reference);
}

export function targetOf(ends: Ends, place: Pick<Place, 'host' | 'repository'>): ImageTarget {
  return ends.writing.target(place);
}

/** The digest of a reference now; its manifest is kept, so that the copy need not read it again. */
export async function lookUpDigest(
  ends: Ends,
  reference: Reference,
  ociRoot: string | undefined,
  signal: AbortSignal,
): Promise<Digest> {
  const source = sourceOf(ends, reference, ociRoot);
  // A layout has one image and no tags; any tag means it.
  const asked =
    reference.kind === 'layout'
      ? ({ kind: 'tag', tag: 'latest' } as const)
      : manifestReferenceOf(reference);
  const manifest = await source.readManifest(asked, signal);
  await ends.manifests.put(manifest);
  return manifest.digest;
}
