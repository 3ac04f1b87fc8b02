import { ControllerError } from '../../base/controller-error.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, digestTag } from '../../oci/digest.ts';
import type { Attachments } from '../../oci/ends.ts';
import { type SharedWork, createSharedWork } from '../http/shared-work.ts';
import { type ReferrersAnswer, askReferrers, readFallbackTag } from './find-referrers.ts';
import { findManifest } from './read-manifest.ts';
import type { Repository } from './repository.ts';
import { tagPages } from './tag-pages.ts';

/** The tags that cosign gives to what belongs to an image (spec, transfer-engine, 7.4). */
const SUFFIXES = ['.att', '.sbom', '.sig'] as const;
/** A tag that can belong to an image: all others are forgotten at once. */
const DIGEST_TAG = /^sha(?:256|384|512)-[0-9a-f]{64,128}(?:\.(?:att|sbom|sig))?$/;
/** Up to here a repository's tags are listed; over it the three tags of each image are asked for. */
const LIST_LIMIT_BYTES = 1024 * 1024;
const LIST_LIMIT_PAGES = 5;
/** How long a list is believed, milliseconds: within a pass, not over days. */
const LIST_AGE_MS = 10 * 60_000;

/** The digest tags of a repository, or that there are too many tags to list, or that they may not be listed. */
type DigestTags = ReadonlySet<string> | 'unlisted';

export interface AttachmentFinder {
  find(repository: Repository, digest: Digest, signal: AbortSignal): Promise<Attachments>;
  /** To be called when a tag of the repository was written or deleted here; without one: when any may have been. */
  forget(repository: Repository, tag: string | undefined): void;
}

/**
 * Finds what belongs to images without being named by them. One `tags/list` per repository and one question
 * per host without the referrers API serve all images (spec, transfer-engine, 5.12 and 7.4).
 */
export function createAttachmentFinder(now: () => number): AttachmentFinder {
  const listByRepository = new Map<string, { readonly tags: DigestTags; readonly at: number }>();
  const lists: SharedWork<DigestTags> = createSharedWork();
  const firstQuestions: SharedWork<ReferrersAnswer> = createSharedWork();

  async function digestTagsOf(repository: Repository, signal: AbortSignal): Promise<DigestTags> {
    const { name } = repository;
    const known = listByRepository.get(name);
    if (known !== undefined && now() - known.at < LIST_AGE_MS) return known.tags;
    return await lists.run(
      name,
      async (shared) => {
        const tags = await listDigestTags(repository, shared);
        listByRepository.set(name, { tags, at: now() });
        return tags;
      },
      signal,
    );
  }

  return {
    async find(repository, digest, signal) {
      const listed = await digestTagsOf(repository, signal);
      const [tags, referrers] = await Promise.all([
        cosignTags(repository, digest, listed, signal),
        referrersOf(repository, digest, listed, signal),
      ]);
      return { tags, referrers };
    },
    forget(repository, tag) {
      if (tag === undefined || DIGEST_TAG.test(tag)) listByRepository.delete(repository.name);
    },
  };

  async function referrersOf(
    repository: Repository,
    digest: Digest,
    listed: DigestTags,
    signal: AbortSignal,
  ): Promise<readonly Descriptor[]> {
    const referrers = await askReferrers(repository, digest, firstQuestions, signal);
    if (referrers !== undefined) return referrers;
    const mayBeThere = listed === 'unlisted' || listed.has(digestTag(digest));
    return mayBeThere ? await readFallbackTag(repository, digest, signal) : [];
  }
}

async function cosignTags(
  repository: Repository,
  digest: Digest,
  listed: DigestTags,
  signal: AbortSignal,
): Promise<string[]> {
  const possible = SUFFIXES.map((suffix) => `${digestTag(digest)}${suffix}`);
  if (listed !== 'unlisted') return possible.filter((tag) => listed.has(tag));
  const found = await Promise.all(
    possible.map((tag) => findManifest(repository, { kind: 'tag', tag }, signal)),
  );
  return possible.filter((_tag, index) => found[index] !== undefined);
}

async function listDigestTags(repository: Repository, signal: AbortSignal): Promise<DigestTags> {
  const tags = new Set<string>();
  let left = LIST_LIMIT_BYTES;
  let pages = 0;
  try {
    for await (const page of tagPages(repository, { pageLimitBytes: left }, signal)) {
      if (page === 'too-long') return 'unlisted';
      for (const tag of page.tags) if (DIGEST_TAG.test(tag)) tags.add(tag);
      left -= page.sizeBytes;
      pages += 1;
      if (left <= 0 || pages > LIST_LIMIT_PAGES) return 'unlisted';
    }
    return tags;
  } catch (error) {
    if (!mayNotList(error)) throw error;
    repository.log.debug({ repository: repository.name, err: error }, 'tags cannot be listed');
    return 'unlisted';
  }
}

/** Registries that let people pull do not always let them list. */
function mayNotList(error: unknown): boolean {
  return (
    error instanceof ControllerError &&
    ['REGISTRY_UNAUTHORIZED', 'REGISTRY_DENIED', 'REGISTRY_REFUSED'].includes(error.code) &&
    error.remedy === 'wait-for-change'
  );
}
