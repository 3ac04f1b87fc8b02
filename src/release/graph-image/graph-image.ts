import type { Digest } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';

/** The graph data of an update service (spec, releases-helm, 1.1 and 4.1). */
export interface GraphData {
  /** Of the unpacked tarball. */
  readonly digest: Digest;
  /** The tarball as it came, on disk. */
  readonly file: string;
}

/** A graph image that was built. */
export interface BuiltGraphImage {
  /** Of its index. */
  readonly digest: Digest;
  /** Where its parts are read from. */
  readonly image: ImageSource;
}
