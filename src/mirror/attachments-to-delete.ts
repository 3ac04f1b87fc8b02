import type { Digest } from '../oci/digest.ts';
import type { ImageTarget } from '../oci/ends.ts';
import { cosignTags } from './cosign-tag.ts';
import type { DeleteCandidate, DeleteDecision } from './decide-delete.ts';
import { keptByTags, type RepositoryFacts } from './decide-deletes.ts';
import { findAttachments } from './find-attachments.ts';

/** Something that goes with an image. */
export interface AttachedCandidate extends DeleteCandidate {
  /** The image that it goes with. */
  readonly image: Digest;
}

/**
 * What goes with the images that are deleted by digest: cosign's tags and the referrers of each, of its instances
 * that nothing else names, and of these referrers (those of a referrer come before it). What the registry does
 * not let us list is left to its garbage collection.
 */
export async function attachmentsToDelete(
  target: ImageTarget,
  images: readonly DeleteCandidate[],
  decisions: ReadonlyMap<Digest, DeleteDecision>,
  facts: RepositoryFacts,
  signal: AbortSignal,
): Promise<AttachedCandidate[]> {
  const needed = neededElsewhere(images, decisions, facts);
  const attached: AttachedCandidate[] = [];

  async function collect(image: Digest, owner: Digest, isReferrer: boolean): Promise<void> {
    for (const tag of cosignTags(owner)) {
      const digest = facts.tags.get(tag);
      if (digest === undefined || digest === 'unreadable') continue;
      attached.push({ image, digest, listed: [tag] });
    }
    const found = await findAttachments(target, owner, signal);
    if (found.kind === 'refused') return;
    for (const { digest } of found.attachments.referrers) {
      if (needed.has(digest) || attached.some((one) => one.digest === digest)) continue;
      if (!isReferrer) await collect(image, digest, true);
      attached.push({ image, digest, listed: [], isReferrer: true });
    }
  }

  for (const { digest } of images) {
    if (decisions.get(digest)?.kind !== 'delete-manifest') continue;
    const instances = (facts.contents.get(digest) ?? []).filter((child) => !needed.has(child));
    for (const owner of new Set([digest, ...instances])) await collect(digest, owner, false);
  }
  return attached;
}

/** What stays, with everything that the indexes among it name. */
function neededElsewhere(
  images: readonly DeleteCandidate[],
  decisions: ReadonlyMap<Digest, DeleteDecision>,
  facts: RepositoryFacts,
): ReadonlySet<Digest> {
  const staying = new Set(keptByTags(images, facts));
  for (const [digest, { kind }] of decisions) if (kind !== 'delete-manifest') staying.add(digest);
  const needed = new Set(staying);
  for (const digest of staying) {
    for (const child of facts.contents.get(digest) ?? []) needed.add(child);
  }
  return needed;
}
