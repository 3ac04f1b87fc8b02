/** What is read of a payload at most: it is content from elsewhere. Real payloads have some 200 components in 150 KB. */
export const PAYLOAD_LIMITS = {
  /** The file `image-references`, bytes. */
  imageReferencesBytes: 16 * 1024 ** 2,
  components: 5000,
  /** The files `release-metadata` and with the boot images, bytes: more of the latter no reader of YAML takes here. */
  otherFileBytes: 1024 ** 2,
  /** Architectures that have boot images. */
  architectures: 100,
  layers: 500,
  /** Indexes within indexes (spec, releases-helm, 2.1). */
  nestedIndexes: 5,
} as const;
