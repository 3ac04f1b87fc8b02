import { compareText } from '../base/compare-text.ts';
import type { Digest } from '../oci/digest.ts';

/** A manifest that should go. */
export interface DeleteCandidate {
  readonly digest: Digest;
  /** The tags that go with it: those that were listed, each expected to have this digest. */
  readonly listed: readonly string[];
  /** A referrer: it is deleted although no tag names it. */
  readonly isReferrer?: boolean;
}

/** What is known of the repository of a candidate. */
export interface DeleteFacts extends DeleteCandidate {
  /** Every tag of the repository with the digest it has now, or that this could not be read. */
  readonly tags: ReadonlyMap<string, Digest | 'unreadable'>;
  /** Indexes that stay, with everything in them, nested ones included. */
  readonly keptIndexes: ReadonlyMap<Digest, readonly Digest[]>;
  /** Whether the registry can delete a tag and leave its manifest. */
  readonly canDeleteTag: boolean;
}

export type DeleteDecision =
  | { readonly kind: 'delete-manifest' }
  | { readonly kind: 'delete-tags' }
  | { readonly kind: 'hold'; readonly reason: string }
  | { readonly kind: 'gone' };

/**
 * Whether a manifest may go (design.md, section 5, "Deletes"): by digest only if every listed tag still has that
 * digest or is gone, and no other tag and no index that stays names it; else its tags alone where that can be
 * done; else nothing. Any doubt holds.
 */
export function mayManifestGo(facts: DeleteFacts): DeleteDecision {
  const { digest, listed, tags, isReferrer = false } = facts;
  const unreadable = [...tags].filter(([, named]) => named === 'unreadable').map(([tag]) => tag);
  const here = listed.filter((tag) => tags.get(tag) === digest);
  const moved = listed.find((tag) => isMoved(tags.get(tag), digest));
  if (unreadable.length === 0 && here.length === 0 && !isReferrer) {
    return moved === undefined ? { kind: 'gone' } : hold(movedReason(moved, tags.get(moved)));
  }
  const [doubt] = unreadable.sort(compareText);
  if (doubt !== undefined) return hold(`what tag ${doubt} names could not be read`);

  const reason = reasonToStay(facts, moved);
  if (reason === undefined) return { kind: 'delete-manifest' };
  if (here.length === 0) return hold(reason);
  if (facts.canDeleteTag) return { kind: 'delete-tags' };
  return hold(`${reason}, and the registry cannot delete a tag alone`);
}

/** Whether a listed tag was given to another image since it was listed. */
export function isMoved(named: Digest | 'unreadable' | undefined, digest: Digest): boolean {
  return named !== undefined && named !== 'unreadable' && named !== digest;
}

export function movedReason(tag: string, named: Digest | 'unreadable' | undefined): string {
  return `tag ${tag} names ${named ?? 'nothing'} now, which is not what was to be deleted`;
}

function reasonToStay(facts: DeleteFacts, moved: string | undefined): string | undefined {
  const { digest, listed, tags, keptIndexes } = facts;
  if (moved !== undefined) return movedReason(moved, tags.get(moved));
  const foreign = [...tags].find(([tag, named]) => named === digest && !listed.includes(tag));
  if (foreign !== undefined) return `tag ${foreign[0]} names it too`;
  for (const [index, children] of keptIndexes) {
    if (index !== digest && children.includes(digest)) return `index ${index}, which stays, has it`;
  }
  return undefined;
}

function hold(reason: string): DeleteDecision {
  return { kind: 'hold', reason };
}
