import type { Digest } from '../oci/digest.ts';
import {
  type DeleteCandidate,
  type DeleteDecision,
  type DeleteFacts,
  mayManifestGo,
} from './decide-delete.ts';

/** What is known of a repository that something is deleted from. */
export interface RepositoryFacts {
  /** Every tag with the digest it has now, or that this could not be read. */
  readonly tags: ReadonlyMap<string, Digest | 'unreadable'>;
  /** Of the digests that tags name, those that are indexes, with everything in them. */
  readonly contents: ReadonlyMap<Digest, readonly Digest[]>;
  readonly canDeleteTag: boolean;
  /** Manifests that stay whatever is decided, since deleting them failed. */
  readonly undeletable: ReadonlySet<Digest>;
}

/**
 * Decides over all candidates of one repository. What one of them may depend on is whether another one stays: an
 * image goes with the index that names it, or stays with it.
 *
 * @param candidates each digest once.
 */
export function decideDeletes(
  candidates: readonly DeleteCandidate[],
  facts: RepositoryFacts,
): ReadonlyMap<Digest, DeleteDecision> {
  const kept = new Set(keptByTags(candidates, facts));
  const factsOf = relevantFacts(facts);
  for (;;) {
    const decisions = new Map<Digest, DeleteDecision>();
    for (const candidate of candidates) {
      decisions.set(
        candidate.digest,
        facts.undeletable.has(candidate.digest)
          ? { kind: 'hold', reason: 'deleting it failed' }
          : mayManifestGo(factsOf(candidate, kept)),
      );
    }
    const before = kept.size;
    for (const [digest, { kind }] of decisions) {
      // A manifest without tags is there until the garbage collection at least.
      if (kind === 'hold' || kind === 'delete-tags') kept.add(digest);
    }
    if (kept.size === before) return decisions;
  }
}

/** The manifests that stay whatever is decided: a tag names them that is not among those that go with them. */
export function keptByTags(
  candidates: readonly DeleteCandidate[],
  { tags, undeletable }: Pick<RepositoryFacts, 'tags' | 'undeletable'>,
): ReadonlySet<Digest> {
  const listed = new Set(
    candidates.flatMap(({ digest, listed: names }) => names.map((tag) => `${digest} ${tag}`)),
  );
  const kept = new Set(undeletable);
  for (const [tag, digest] of tags) {
    if (digest !== 'unreadable' && !listed.has(`${digest} ${tag}`)) kept.add(digest);
  }
  return kept;
}

/** Gives each candidate what concerns it, so that many candidates in a large repository are decided in little time. */
function relevantFacts({
  tags,
  contents,
  canDeleteTag,
}: RepositoryFacts): (candidate: DeleteCandidate, kept: ReadonlySet<Digest>) => DeleteFacts {
  const tagsOf = new Map<Digest | 'unreadable', string[]>();
  for (const [tag, digest] of tags) pushTo(tagsOf, digest, tag);
  const indexesOf = new Map<Digest, Digest[]>();
  for (const [index, children] of contents) {
    for (const child of new Set(children)) pushTo(indexesOf, child, index);
  }

  return (candidate, kept) => {
    const { digest, listed } = candidate;
    const names = [
      ...listed,
      ...(tagsOf.get(digest) ?? []),
      ...(tagsOf.get('unreadable') ?? []).slice(0, 1),
    ];
    const relevant = new Map<string, Digest | 'unreadable'>();
    for (const tag of names) {
      const named = tags.get(tag);
      if (named !== undefined) relevant.set(tag, named);
    }
    const indexes = (indexesOf.get(digest) ?? []).filter((index) => kept.has(index));
    const keptIndexes = new Map(indexes.map((index) => [index, contents.get(index) ?? []]));
    return { ...candidate, tags: relevant, keptIndexes, canDeleteTag };
  };
}

function pushTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
