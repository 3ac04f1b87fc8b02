import type { Digest } from '../oci/digest.ts';
import type { CatalogPackage, DocumentSpan, OtherDocument } from './catalog-package.ts';

/**
 * An operator catalog that was read: its documents are on disk, and packages come one at a time, so that a
 * catalog is never whole in memory. Immutable: it is the content of one digest.
 */
export interface Catalog {
  /** Of the catalog image as it was asked for: of the index, where it has several instances. */
  readonly digest: Digest;
  /** For messages, e.g. `quay.io/example/catalog@sha256:…`. */
  readonly name: string;
  /** The folder of the configs in the image, without slashes at its ends, e.g. `configs`. */
  readonly configsFolder: string;
  /** The files that have documents, by path below that folder. */
  readonly files: readonly CatalogFile[];
  /** Of all packages that any document names, sorted. */
  readonly packageNames: readonly string[];
  /** Documents of unknown schemas that name no package. */
  readonly globals: readonly OtherDocument[];
  /** @throws ControllerError CATALOG_INVALID where a document of the package is not as its schema wants it, with file and line. */
  readPackage(name: string, signal: AbortSignal): Promise<CatalogPackage | undefined>;
  /** The exact bytes of a document, without separators around it. */
  readDocument(span: DocumentSpan, signal: AbortSignal): Promise<Buffer>;
}

export interface CatalogFile {
  /** Below the configs folder, with `/`. */
  readonly path: string;
  readonly syntax: 'json' | 'yaml';
}
