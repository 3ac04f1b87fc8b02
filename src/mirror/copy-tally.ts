import type { Descriptor } from '../oci/descriptor.ts';
import type { BlobOutcome } from './copy-blob.ts';

/** What copying one image took. */
export interface CopyCounts {
  /** Bytes of blobs that were sent. */
  readonly bytesSent: number;
  readonly blobsSent: number;
  readonly blobsMounted: number;
  /** Blobs that were at their repository already. */
  readonly blobsPresent: number;
}

/** Counts the blobs of one image, each digest once. */
export interface CopyTally {
  /** `false`: counted before. */
  count(blob: Descriptor, outcome: BlobOutcome): boolean;
  counts(): CopyCounts;
}

export function createCopyTally(): CopyTally {
  const seen = new Set<string>();
  const blobs = { sent: 0, mounted: 0, present: 0, known: 0 };
  let bytesSent = 0;
  return {
    count(blob, outcome) {
      if (seen.has(blob.digest)) return false;
      seen.add(blob.digest);
      blobs[outcome] += 1;
      if (outcome === 'sent') bytesSent += blob.size;
      return true;
    },
    counts: () => ({
      bytesSent,
      blobsSent: blobs.sent,
      blobsMounted: blobs.mounted,
      blobsPresent: blobs.present + blobs.known,
    }),
  };
}
