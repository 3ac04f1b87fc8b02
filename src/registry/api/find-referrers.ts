import { z } from 'zod';
import { ControllerError } from '../../base/controller-error.ts';
import { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, digestTag } from '../../oci/digest.ts';
import { MANIFEST_LIMIT_BYTES, parseManifest } from '../../oci/manifest.ts';
import { MEDIA_TYPES } from '../../oci/media-types.ts';
import type { SharedWork } from '../http/shared-work.ts';
import { errorCodesOf } from './error-codes.ts';
import { nextPage } from './next-page.ts';
import { readManifest } from './read-manifest.ts';
import type { Repository } from './repository.ts';

const MOST_PAGES = 100;
const ReferrersIndex = z.object({ manifests: z.array(z.unknown()).nullish() });

/** What the first question of a host was about, and its answer. */
export interface ReferrersAnswer {
  readonly digest: Digest;
  /** undefined: this host has no referrers API. */
  readonly referrers: readonly Descriptor[] | undefined;
}

/**
 * The manifests whose subject is the digest, by the referrers API; undefined where the host has none, which
 * is asked once per host: while the first question is under way, the others wait for what it tells
 * (spec, transfer-engine, 5.12).
 * @throws ControllerError
 */
export async function askReferrers(
  repository: Repository,
  digest: Digest,
  firstQuestions: SharedWork<ReferrersAnswer>,
  signal: AbortSignal,
): Promise<readonly Descriptor[] | undefined> {
  const { facts, host } = repository;
  if (facts.hasReferrersApi === undefined) {
    const first = await firstQuestions.run(
      host,
      async (shared) => ({ digest, referrers: await ask(repository, digest, shared) }),
      signal,
    );
    if (first.digest === digest) return first.referrers;
  }
  return hasNone(repository) ? undefined : await ask(repository, digest, signal);
}

function hasNone({ facts }: Repository): boolean {
  return facts.hasReferrersApi === false;
}

async function ask(
  repository: Repository,
  digest: Digest,
  signal: AbortSignal,
): Promise<readonly Descriptor[] | undefined> {
  const byDigest = new Map<Digest, Descriptor>();
  let url: string | undefined = `referrers/${digest}`;
  for (let page = 0; url !== undefined; page += 1) {
    if (page >= MOST_PAGES) throw broken(repository, digest, `on more than ${MOST_PAGES} pages`);
    await using response = await repository.send(
      {
        method: 'GET',
        url,
        headers: { accept: MEDIA_TYPES.ociIndex },
        access: 'pull',
        expect: [200, 400, 404, 405, 501],
        readAhead: MANIFEST_LIMIT_BYTES,
        doing: `looking for referrers of ${repository.name}@${digest}`,
      },
      signal,
    );
    if (response.status !== 200) {
      const codes = await errorCodesOf(response);
      // The API is there, the repository or the manifest is not: nothing to learn about the host.
      if (codes.includes('NAME_UNKNOWN') || codes.includes('MANIFEST_UNKNOWN')) return [];
      repository.facts.hasReferrersApi = false;
      return undefined;
    }
    const next = nextPage(repository, response);
    for (const referrer of readIndex(
      repository,
      digest,
      await response.bytes(MANIFEST_LIMIT_BYTES),
    ))
      byDigest.set(referrer.digest, referrer);
    url = next;
  }
  repository.facts.hasReferrersApi = true;
  byDigest.delete(digest);
  return [...byDigest.values()];
}

/**
 * The referrers by the fallback tag `sha256-<hex>`, for hosts without the API. In a mirror the image itself
 * may live under that tag, or one that was built from it: those are no lists of referrers.
 * @throws ControllerError
 */
export async function readFallbackTag(
  repository: Repository,
  digest: Digest,
  signal: AbortSignal,
): Promise<readonly Descriptor[]> {
  const tag = digestTag(digest).slice(0, 128);
  try {
    const manifest = await readManifest(repository, { kind: 'tag', tag }, signal);
    if (manifest.digest === digest) return [];
    const index = parseManifest(manifest, `${repository.name}:${tag}`);
    if (index.kind !== 'index') return [];
    // Instances of an image have a platform, referrers have none.
    return index.manifests.filter((one) => one.platform === undefined && one.digest !== digest);
  } catch (error) {
    if (error instanceof ControllerError && error.code === 'REGISTRY_NOT_FOUND') return [];
    throw error;
  }
}

function readIndex(repository: Repository, digest: Digest, bytes: Uint8Array): Descriptor[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw broken(repository, digest, 'with text that is not JSON', cause);
  }
  const index = ReferrersIndex.safeParse(value);
  if (!index.success) throw broken(repository, digest, 'with something else than an index');
  return (index.data.manifests ?? []).flatMap((entry) => {
    const descriptor = Descriptor.safeParse(entry);
    return descriptor.success ? [descriptor.data] : [];
  });
}

function broken(
  repository: Repository,
  digest: Digest,
  what: string,
  cause?: unknown,
): ControllerError {
  return new ControllerError(
    'REGISTRY_BROKEN',
    `${repository.name} answers the question for referrers of ${digest} ${what}`,
    {
      remedy: 'retry-later',
      hint: `Look at what ${repository.host} or a proxy before it answers to /v2/${repository.path}/referrers/${digest}.`,
      ...(cause === undefined ? {} : { cause }),
    },
  );
}
