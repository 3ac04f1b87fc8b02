import { ControllerError } from '../base/controller-error.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageTarget, ManifestReference } from '../oci/ends.ts';
import { attachmentsToDelete, type AttachedCandidate } from './attachments-to-delete.ts';
import {
  type DeleteCandidate,
  type DeleteDecision,
  isMoved,
  movedReason,
} from './decide-delete.ts';
import { decideDeletes, type RepositoryFacts } from './decide-deletes.ts';
import type { DeleteOptions, DeleteOutcome, ImageDelete } from './delete-images.ts';
import {
  canDeleteTags,
  readContents,
  readTags,
  type RepositoryReader,
} from './repository-facts.ts';

/**
 * Deletes the places of one repository: gathers what is there, decides, acts. Signatures go before their image, so
 * that a pass that is stopped in between finds them again by the image.
 * @throws ControllerError when what is there cannot be found out.
 */
export async function deleteFromRepository(
  target: ImageTarget,
  places: readonly ImageDelete[],
  options: DeleteOptions,
  settle: (place: ImageDelete, outcome: DeleteOutcome) => void,
  signal: AbortSignal,
): Promise<void> {
  const { manifests, parallelRequests = 8 } = options;
  const reader: RepositoryReader = { target, manifests, parallelRequests };
  const images = candidatesOf(places);
  const tags = await readTags(
    reader,
    places.map(({ tag }) => tag),
    signal,
  );
  const facts = await gatherContents(reader, images, tags, signal);
  const attached =
    options.attachments === false
      ? []
      : await attachmentsToDelete(target, images, decideDeletes(images, facts), facts, signal);
  const all = united([...images, ...attached]);
  let plan = await settleTagDeletes(target, all, facts, signal);
  let decisions = decideDeletes(all, plan);
  const attachedTo = Map.groupBy(attached, ({ image }) => image);
  const placesOf = Map.groupBy(places, ({ digest }) => digest);
  for (const image of indexesFirst(images, facts.contents)) {
    signal.throwIfAborted();
    const steps = stepsOf(image, attachedTo.get(image.digest) ?? [], decisions, tags);
    const outcome = await act(target, steps, decisions.get(image.digest), signal);
    for (const place of placesOf.get(image.digest) ?? []) {
      settle(place, outcomeOf(place, outcome, tags));
    }
    if (outcome.kind !== 'failed') continue;
    // What it names stays with it.
    const undeletable = new Set([...plan.undeletable, image.digest]);
    plan = await settleTagDeletes(target, all, { ...facts, undeletable }, signal);
    decisions = decideDeletes(all, plan);
  }
}

/** What is deleted for an image: what goes with it, then itself; of tags alone only those that still have the digest. */
function stepsOf(
  image: DeleteCandidate,
  attached: readonly AttachedCandidate[],
  decisions: ReadonlyMap<Digest, DeleteDecision>,
  tags: RepositoryFacts['tags'],
): ManifestReference[] {
  const kind = decisions.get(image.digest)?.kind;
  const withIt = kind === 'delete-manifest' ? attached : [];
  return [...withIt, image].flatMap(({ digest, listed }): ManifestReference[] => {
    const step = decisions.get(digest)?.kind;
    if (step === 'delete-manifest') return [{ kind: 'digest', digest }];
    if (step !== 'delete-tags') return [];
    return listed.filter((tag) => tags.get(tag) === digest).map((tag) => ({ kind: 'tag', tag }));
  });
}

/** Reads what indexes hold, if anything may be deleted by digest at all. */
async function gatherContents(
  reader: RepositoryReader,
  images: readonly DeleteCandidate[],
  tags: Map<string, Digest | 'unreadable'>,
  signal: AbortSignal,
): Promise<RepositoryFacts> {
  const facts = { tags, contents: new Map(), canDeleteTag: true, undeletable: new Set<Digest>() };
  const decisions = [...decideDeletes(images, facts).values()];
  if (!decisions.some(({ kind }) => kind === 'delete-manifest')) return facts;
  return { ...facts, contents: await readContents(reader, tags, signal) };
}

/** Finds out whether tags can be deleted alone, if that matters. */
async function settleTagDeletes(
  target: ImageTarget,
  all: readonly DeleteCandidate[],
  facts: RepositoryFacts,
  signal: AbortSignal,
): Promise<RepositoryFacts> {
  const decisions = [...decideDeletes(all, facts).values()];
  if (!decisions.some(({ kind }) => kind === 'delete-tags')) return facts;
  return { ...facts, canDeleteTag: await canDeleteTags(target, facts.tags, signal) };
}

async function act(
  target: ImageTarget,
  steps: readonly ManifestReference[],
  decision: DeleteDecision | undefined,
  signal: AbortSignal,
): Promise<DeleteOutcome> {
  if (decision?.kind === 'hold') return { kind: 'held', reason: decision.reason };
  let wasThere = false;
  try {
    // The image is the last step: whether that was there is what counts.
    for (const step of steps) {
      wasThere =
        step.kind === 'digest'
          ? await target.deleteManifest(step.digest, signal)
          : await target.deleteTag(step.tag, signal);
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof ControllerError)) throw error;
    return { kind: 'failed', error };
  }
  return { kind: wasThere ? 'deleted' : 'gone' };
}

/** What became of one tag of an image. */
function outcomeOf(
  { tag, digest }: ImageDelete,
  outcome: DeleteOutcome,
  tags: ReadonlyMap<string, Digest | 'unreadable'>,
): DeleteOutcome {
  const named = tags.get(tag);
  if (isMoved(named, digest)) return { kind: 'held', reason: movedReason(tag, named) };
  return named === undefined ? { kind: 'gone' } : outcome;
}

function candidatesOf(places: readonly ImageDelete[]): DeleteCandidate[] {
  return [...Map.groupBy(places, ({ digest }) => digest)].map(([digest, ofDigest]) => ({
    digest,
    listed: [...new Set(ofDigest.map(({ tag }) => tag))],
  }));
}

/** Each digest once: an attachment may be listed by itself, or belong to several images. */
function united(candidates: readonly DeleteCandidate[]): DeleteCandidate[] {
  return [...Map.groupBy(candidates, ({ digest }) => digest)].map(([digest, same]) => ({
    digest,
    listed: [...new Set(same.flatMap(({ listed }) => listed))],
    isReferrer: same.some(({ isReferrer }) => isReferrer === true),
  }));
}

/** An index before what it names, since a registry may refuse the other way round. */
function indexesFirst(
  images: readonly DeleteCandidate[],
  contents: ReadonlyMap<Digest, readonly Digest[]>,
): DeleteCandidate[] {
  // An index holds everything that the indexes in it hold, so it has more in it than each of them.
  const size = ({ digest }: DeleteCandidate): number => contents.get(digest)?.length ?? 0;
  return [...images].sort((a, b) => size(b) - size(a));
}
