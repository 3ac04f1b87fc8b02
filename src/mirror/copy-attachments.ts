import { ControllerError } from '../base/controller-error.ts';
import type { Digest } from '../oci/digest.ts';
import type { ManifestReference } from '../oci/ends.ts';
import type { CopyContext } from './copy-context.ts';
import { copyChildren, copyManifest, type CopyEnds } from './copy-manifest.ts';
import type { CopyTally } from './copy-tally.ts';
import { isCosignTag } from './cosign-tag.ts';
import { findAttachments } from './find-attachments.ts';
import { type ImageTree, readImageTree } from './image-tree.ts';

export interface AttachmentsResult {
  /** How many were sent. */
  readonly copied: number;
  readonly warnings: readonly string[];
}

const MAX_ATTACHMENTS = 10_000;

/**
 * Copies what belongs to the image and to each of its instances: cosign's tags under their names, referrers by
 * digest (the fallback tag of referrers is never written: an image by digest lives there; design.md, section 8).
 * A referrer may have signatures and referrers itself; those of these are not looked for.
 *
 * What the source does not let us list is a warning; what is listed and cannot be copied fails the image.
 * @throws ControllerError
 */
export async function copyAttachments(
  ends: CopyEnds,
  tree: ImageTree,
  tally: CopyTally,
  context: CopyContext,
  signal: AbortSignal,
): Promise<AttachmentsResult> {
  // Digests that need not come (again) by digest; what is seen never ends in a circle.
  const seen = new Set<Digest>(tree.nodes.map(({ manifest }) => manifest.digest));
  const warnings: string[] = [];
  let copied = 0;
  let looked = 0;

  async function copyOf(owner: Digest, isReferrer: boolean): Promise<void> {
    const found = await findAttachments(ends.source, owner, signal);
    if (found.kind === 'refused') {
      const what = `signatures and referrers of ${ends.source.name}@${owner} could not be listed`;
      warnings.push(`${what}: ${found.error.message}`);
      return;
    }
    const { tags, referrers } = found.attachments;
    // Any other name would be written over somebody's tag.
    for (const tag of tags.filter((name) => isCosignTag(name, owner))) {
      const manifest = await ends.source.readManifest({ kind: 'tag', tag }, signal);
      await context.manifests.put(manifest);
      await copyOne(manifest.digest, { kind: 'tag', tag });
    }
    for (const { digest } of referrers) {
      if (seen.has(digest)) continue;
      seen.add(digest);
      if (!isReferrer) await copyOf(digest, true);
      await copyOne(digest, { kind: 'digest', digest });
    }
  }

  async function copyOne(digest: Digest, reference: ManifestReference): Promise<void> {
    looked += 1;
    if (looked > MAX_ATTACHMENTS) throw tooMany(ends.source.name);
    // One request that mostly spares several: attachments rarely change.
    if ((await ends.target.findManifest(reference, signal)) === digest) return;
    const read = { read: 'everything' } as const;
    const attachment = await readImageTree(ends.source, digest, read, context.manifests, signal);
    await copyChildren(ends, attachment, tally, context, signal);
    const top = attachment.nodes.at(-1);
    if (top !== undefined) await copyManifest(ends, top, reference, tally, context, signal);
    copied += 1;
  }

  // The image itself first: its signature is what most look for.
  const owners = tree.nodes.map(({ manifest }) => manifest.digest).reverse();
  for (const owner of owners) await copyOf(owner, false);
  return { copied, warnings };
}

function tooMany(name: string): ControllerError {
  return new ControllerError(
    'MANIFEST_UNSUPPORTED',
    `an image of ${name} has more than ${MAX_ATTACHMENTS} signatures and referrers`,
    { remedy: 'wait-for-change', hint: 'Have them cleaned up at the source.' },
  );
}
