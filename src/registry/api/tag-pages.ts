import { z } from 'zod';
import { compareText } from '../../base/compare-text.ts';
import { ControllerError } from '../../base/controller-error.ts';
import { isTag } from '../../oci/reference.ts';
import { nextPage } from './next-page.ts';
import type { Repository } from './repository.ts';

const MOST_TAGS = 1_000_000;
const MOST_PAGES = 50_000;
/** docker-registry 2.8 knows no pages: a million tags of 80 characters are one answer. */
const PAGE_LIMIT_BYTES = 128 * 1024 * 1024;
/** A longer list that breaks off is not asked for again. */
const READ_AHEAD_BYTES = 4 * 1024 * 1024;
const TagList = z.object({ tags: z.array(z.string()).nullish() });

/**
 * All tags of a repository, sorted; empty where there is no such repository (spec, transfer-engine, 5.11).
 * @throws ControllerError REGISTRY_BROKEN for endless lists and links to other hosts.
 */
export async function listTags(repository: Repository, signal: AbortSignal): Promise<string[]> {
  const tags = new Set<string>();
  const pages = tagPages(repository, { pageLimitBytes: PAGE_LIMIT_BYTES }, signal);
  for await (const page of pages) {
    if (page === 'too-long') throw broken(repository, `lists more than ${PAGE_LIMIT_BYTES} bytes`);
    for (const tag of page.tags) tags.add(tag);
    if (tags.size > MOST_TAGS) throw broken(repository, `lists more than ${MOST_TAGS} tags`);
  }
  return [...tags].sort(compareText);
}

export interface TagPage {
  readonly tags: readonly string[];
  readonly sizeBytes: number;
}

/**
 * The pages of `tags/list`; none where there is no such repository. A page over the limit is not read to
 * its end and is the last.
 */
export async function* tagPages(
  repository: Repository,
  { pageLimitBytes }: { readonly pageLimitBytes: number },
  signal: AbortSignal,
): AsyncGenerator<TagPage | 'too-long'> {
  const seen = new Set<string>();
  let url: string | undefined = 'tags/list';
  while (url !== undefined) {
    if (seen.has(url)) throw broken(repository, 'lists its tags in a circle');
    if (seen.size >= MOST_PAGES)
      throw broken(repository, `lists its tags on more than ${MOST_PAGES} pages`);
    seen.add(url);
    await using response = await repository.send(
      {
        method: 'GET',
        url,
        access: 'pull',
        expect: [200, 404],
        readAhead: Math.min(pageLimitBytes, READ_AHEAD_BYTES),
        doing: `listing the tags of ${repository.name}`,
      },
      signal,
    );
    if (response.status === 404) return;
    const next = nextPage(repository, response);
    const bytes = await readUpTo(response.body, pageLimitBytes);
    if (bytes === undefined) {
      yield 'too-long';
      return;
    }
    url = next;
    yield { tags: readTags(repository, bytes), sizeBytes: bytes.byteLength };
  }
}

async function readUpTo(
  body: AsyncIterable<Uint8Array>,
  limitBytes: number,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const chunk of body) {
    received += chunk.byteLength;
    if (received > limitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function readTags(repository: Repository, bytes: Uint8Array): string[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw broken(repository, 'answers with a list of tags that is not JSON', cause);
  }
  const list = TagList.safeParse(value);
  if (!list.success) throw broken(repository, 'answers with something else than a list of tags');
  return (list.data.tags ?? []).filter(isTag);
}

function broken(repository: Repository, what: string, cause?: unknown): ControllerError {
  return new ControllerError('REGISTRY_BROKEN', `${repository.name} ${what}`, {
    remedy: 'retry-later',
    hint: `Look at what ${repository.host} or a proxy before it answers to /v2/${repository.path}/tags/list.`,
    ...(cause === undefined ? {} : { cause }),
  });
}
