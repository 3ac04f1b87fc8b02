/**
 * What is read of a catalog image at most. A catalog is content from elsewhere: without limits one image
 * fills the disk or the memory of everybody's controller. The largest catalog that is known has 118 MiB of
 * documents (spec, operator-catalogs, 8); packages with embedded manifests once had 100 MB each.
 */
export const LIMITS = {
  /** Documents of one layer, bytes: they are kept on disk, unpacked. */
  layerDocumentBytes: 4 * 1024 ** 3,
  /** One file of documents, bytes: a whole catalog may be one file. */
  fileBytes: 1024 ** 3,
  /** One JSON document, bytes: it is parsed in memory. Bundles with embedded manifests have 1 to 2 MB. */
  jsonDocumentBytes: 64 * 1024 ** 2,
  /** One YAML document, bytes: its parser needs some 30 bytes of memory a byte, and a second for 9 MB. */
  yamlDocumentBytes: 8 * 1024 ** 2,
  /** Whatever is in the folder of one layer: files, directories, links, whiteouts. */
  layerEntries: 250_000,
  /** Documents of one layer; the largest catalogs have some ten thousand. */
  layerDocuments: 250_000,
  /** Nesting of a document. */
  documentDepth: 1000,
  /** One of the keys `schema`, `package` and `name`, bytes. */
  keyBytes: 4096,
  /** A file `.indexignore`, bytes, and the patterns of all of them. */
  ignoreFileBytes: 64 * 1024,
  ignorePatterns: 1000,
  /** Indexes within indexes (spec 2.3). */
  nestedIndexes: 5,
  layers: 500,
} as const;
