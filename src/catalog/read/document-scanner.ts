import type { DocumentKeys } from './document-keys.ts';
import { LIMITS } from './limits.ts';

/** A fault: more documents than a layer may have. */
export const TOO_MANY = `the first document over ${LIMITS.layerDocuments}`;

/** A document that a scanner found: the bytes of its file from `start` to before `end`. */
export interface ScannedDocument {
  /** Absent where the lines do not tell for sure: the document has to be parsed. */
  readonly keys?: DocumentKeys;
  readonly start: number;
  readonly end: number;
}

/** What is wrong with a file, at that byte of it. */
export interface FileFault {
  readonly offset: number;
  readonly message: string;
}

export interface ScanResult {
  readonly documents: readonly ScannedDocument[];
  /** What ended the scan early. */
  readonly fault?: FileFault;
}

/** Takes a file in pieces of any size, which it does not keep, and finds its documents. */
export interface DocumentScanner {
  feed(chunk: Uint8Array): void;
  end(): ScanResult;
}
