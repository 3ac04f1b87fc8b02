import type { Digest } from '../oci/digest.ts';
import { MEDIA_TYPES } from '../oci/media-types.ts';

/** An instance as an index names it. */
export interface IndexEntry {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly platform: Readonly<Record<string, unknown>>;
}

/**
 * The bytes of an index of the instances: a manifest list where all of them are docker's, else an OCI index
 * (spec, operator-catalogs, 5.2).
 */
export function instanceIndex(instances: readonly IndexEntry[]): Buffer {
  const isDocker = instances.every(({ mediaType }) => mediaType === MEDIA_TYPES.dockerManifest);
  const manifests = instances.map(({ mediaType, digest, size, platform }) => {
    return { mediaType, digest, size, platform };
  });
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: isDocker ? MEDIA_TYPES.dockerList : MEDIA_TYPES.ociIndex,
      manifests,
    }),
  );
}
