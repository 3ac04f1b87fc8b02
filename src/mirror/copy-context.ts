import { setTimeout as sleep } from 'node:timers/promises';
import type { Digest } from '../oci/digest.ts';
import type { ManifestCache } from '../store/manifest-cache.ts';
import { type BlobTurns, createBlobTurns } from './blob-turns.ts';
import { type BlobLedger, createBlobLedger } from './blob-ledger.ts';
import { type ProgressSink, silentProgress } from './progress-sink.ts';
import { createOneAtATime, type OneAtATime } from './one-at-a-time.ts';
import { createSlots, type Slots } from './slots.ts';

/** What the images of one pass share: what was read, what is where, and how much may happen at once. */
export interface CopyContext {
  readonly manifests: ManifestCache;
  /** The ledger of an `ImageTarget.scope`. */
  readonly ledgerOf: (scope: string) => BlobLedger;
  readonly turns: BlobTurns;
  /** Bounds the blobs that are sent or asked for at once, over the whole pass. */
  readonly blobSlots: Slots;
  /** Bounds the large blobs among them, whose speed is that of the machine and not that of answers. */
  readonly largeBlobSlots: Slots;
  readonly parallelBlobs: number;
  /** How often a blob is sent before its image fails. */
  readonly transferAttempts: number;
  readonly progress: ProgressSink;
  /** Waits between two attempts, milliseconds. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Manifests that this pass put or saw complete, as `scope repository digest`. */
  readonly complete: Set<string>;
  /** Those that are put now, by the same keys. */
  readonly putting: OneAtATime;
}

export interface CopyOptions {
  readonly manifests: ManifestCache;
  /** Default 16. */
  readonly parallelBlobs?: number;
  /** Default 3. */
  readonly transferAttempts?: number;
  /** The repositories of a scope that hold a blob as far as the locks know, so that nobody is asked. */
  readonly knownBlobs?: (digest: Digest, scope: string) => readonly string[];
  readonly progress?: ProgressSink;
  /** For tests; default: a timer. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** More at once go no faster, and cost a fifth more CPU for each byte. */
const LARGE_BLOBS_AT_ONCE = 8;

export function createCopyContext(options: CopyOptions): CopyContext {
  const { knownBlobs = () => [], parallelBlobs = 16 } = options;
  const ledgers = new Map<string, BlobLedger>();
  return {
    manifests: options.manifests,
    ledgerOf(scope) {
      const ledger = ledgers.get(scope) ?? createBlobLedger((digest) => knownBlobs(digest, scope));
      ledgers.set(scope, ledger);
      return ledger;
    },
    turns: createBlobTurns(),
    blobSlots: createSlots(parallelBlobs),
    largeBlobSlots: createSlots(LARGE_BLOBS_AT_ONCE),
    parallelBlobs,
    transferAttempts: options.transferAttempts ?? 3,
    progress: options.progress ?? silentProgress,
    pause: options.pause ?? ((ms, signal) => sleep(ms, undefined, { signal })),
    complete: new Set(),
    putting: createOneAtATime(),
  };
}
