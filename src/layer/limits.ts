/**
 * What is read of one layer at most. A layer is content from elsewhere: without limits one image fills the disk or the
 * memory of everybody's controller.
 */
export const LAYER_LIMITS = {
  /** Everything that a layer unpacks to, whether it is looked at or not, bytes. */
  layerBytes: 32 * 1024 ** 3,
  /** A path in a layer, characters, and its parts. */
  pathLength: 4096,
  pathDepth: 64,
  /** An extended header of a tar, bytes. */
  tarHeaderBytes: 1024 ** 2,
} as const;
