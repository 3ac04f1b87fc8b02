import { ControllerError } from '../base/controller-error.ts';
import { forEachConcurrently } from '../base/for-each-concurrently.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageSource, ImageTarget, ManifestReference } from '../oci/ends.ts';
import { blobsOf } from '../oci/manifest.ts';
import { type BlobOutcome, copyBlob } from './copy-blob.ts';
import type { CopyContext } from './copy-context.ts';
import type { CopyTally } from './copy-tally.ts';
import type { ImageTree, TreeNode } from './image-tree.ts';

/** Where something is copied from and to, and the image it counts for. */
export interface CopyEnds {
  readonly source: ImageSource;
  readonly target: ImageTarget;
  /** The image in progress events. */
  readonly image: string;
}

/** Images of one index at once; their blobs share the pass's slots anyway. */
const INSTANCES_AT_ONCE = 4;

/** Brings everything below the tree's top to the target: blobs, instances, then the indexes between, by digest. */
export async function copyChildren(
  ends: CopyEnds,
  tree: ImageTree,
  tally: CopyTally,
  context: CopyContext,
  signal: AbortSignal,
): Promise<void> {
  const below = tree.nodes.slice(0, -1);
  const images = below.filter(({ content }) => content.kind === 'image');
  await forEachConcurrently(images, { limit: INSTANCES_AT_ONCE, signal }, (node, nodeSignal) =>
    copyManifest(ends, node, byDigest(node), tally, context, nodeSignal),
  );
  for (const node of below.filter(({ content }) => content.kind === 'index')) {
    await copyManifest(ends, node, byDigest(node), tally, context, signal);
  }
}

/**
 * Brings a manifest to the target, after its blobs. By digest at most once a pass and repository; under a tag
 * always, since the tag may name something else.
 */
export async function copyManifest(
  ends: CopyEnds,
  node: TreeNode,
  reference: ManifestReference,
  tally: CopyTally,
  context: CopyContext,
  signal: AbortSignal,
): Promise<void> {
  const { target } = ends;
  const key = `${target.scope} ${target.repository} ${node.manifest.digest}`;
  const isComplete = context.complete.has(key);
  if (isComplete && reference.kind === 'digest') return;
  const outcomes: ReadonlyMap<Digest, BlobOutcome> = isComplete
    ? new Map()
    : await copyBlobs(ends, node, tally, context, signal);
  // A registry that does not write atomically (distribution 2.8 on a file system) refuses a manifest that it is writing
  // under another tag at the same moment.
  const put = (): Promise<void> =>
    context.putting.run(key, async () => {
      if (reference.kind === 'digest' && context.complete.has(key)) return;
      await target.putManifest(node.manifest, reference, signal);
      context.complete.add(key);
    });
  try {
    await put();
  } catch (error) {
    if (signal.aborted || !mayBeTakenNow(error, outcomes)) throw error;
    // A lock or the target itself said that these blobs are there, and now it misses one: ask for each.
    const ledger = context.ledgerOf(target.scope);
    for (const [digest, outcome] of outcomes)
      if (outcome !== 'sent') ledger.forget(digest, target.repository);
    await copyBlobs(ends, node, tally, context, signal);
    await put();
  }
}

/** Returns how each blob came to be at the target. */
async function copyBlobs(
  ends: CopyEnds,
  node: TreeNode,
  tally: CopyTally,
  context: CopyContext,
  signal: AbortSignal,
): Promise<Map<Digest, BlobOutcome>> {
  const outcomes = new Map<Digest, BlobOutcome>();
  const limits = { limit: context.parallelBlobs, signal };
  await forEachConcurrently(blobsOf(node.content), limits, async (blob, blobSignal) => {
    const outcome: BlobOutcome = await copyBlob({ ...ends, blob }, context, blobSignal);
    outcomes.set(blob.digest, outcome);
    const isNews = tally.count(blob, outcome);
    if (isNews && outcome !== 'sent')
      context.progress.report({ kind: 'bytes-spared', image: ends.image, bytes: blob.size });
  });
  return outcomes;
}

/** Whether a manifest was refused for the sake of blobs: nobody asked for one, or the target says that it misses some for now. */
function mayBeTakenNow(error: unknown, outcomes: ReadonlyMap<Digest, BlobOutcome>): boolean {
  if (!(error instanceof ControllerError)) return false;
  if (error.code !== 'REGISTRY_REFUSED' && error.code !== 'REGISTRY_NOT_FOUND') return false;
  return error.remedy === 'retry-later' || [...outcomes.values()].includes('known');
}

function byDigest({ manifest }: TreeNode): ManifestReference {
  return { kind: 'digest', digest: manifest.digest };
}
