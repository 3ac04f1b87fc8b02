import { compareText } from '../../base/compare-text.ts';
import type { Digest } from '../../oci/digest.ts';
import { MEDIA_TYPES } from '../../oci/media-types.ts';
import type { Store } from '../open-store.ts';
import type { StoreRepository } from '../store-repository.ts';
import { type Asked, type Reply, failure, json } from './reply.ts';

/** Repositories per answer where the client names no number. */
const CATALOG_PAGE = 1000;

/** `GET tags/list`, all tags or a page of them. */
export async function listTags(repository: StoreRepository, { query }: Asked): Promise<Reply> {
  if (!(await repository.exists())) {
    return failure(404, 'NAME_UNKNOWN', 'repository name not known to registry', {
      detail: { name: repository.name },
    });
  }
  const page = takePage(await repository.listTags(), query, Infinity);
  if (page === undefined) return badNumber();
  const { names, next } = page;
  return json(
    200,
    { name: repository.name, tags: names },
    link(`/v2/${repository.name}/tags/list`, next),
  );
}

/** `GET _catalog`, a page of the repositories. */
export async function listCatalog(store: Store, { query }: Asked): Promise<Reply> {
  const page = takePage(await store.listRepositories(), query, CATALOG_PAGE);
  if (page === undefined) return badNumber();
  return json(200, { repositories: page.names }, link('/v2/_catalog', page.next));
}

/** `GET referrers`: an index of the manifests whose `subject` is the digest. */
export async function listReferrers(
  repository: StoreRepository,
  digest: Digest,
  { query }: Asked,
): Promise<Reply> {
  const wanted = query.get('artifactType');
  const referrers = await repository.listReferrers(digest);
  const manifests =
    wanted === null ? referrers : referrers.filter(({ artifactType }) => artifactType === wanted);
  const headers: Record<string, string> =
    wanted === null ? {} : { 'oci-filters-applied': 'artifactType' };
  return json(
    200,
    { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests },
    headers,
    MEDIA_TYPES.ociIndex,
  );
}

interface Page {
  readonly names: string[];
  /** The query of the next page. */
  readonly next: string | undefined;
}

/** The page that `n` and `last` name (OCI distribution-spec, "Listing Tags"); undefined where `n` is no number. */
function takePage(
  sorted: readonly string[],
  query: URLSearchParams,
  defaultSize: number,
): Page | undefined {
  const n = query.get('n');
  if (n !== null && !/^\d{1,9}$/.test(n)) return undefined;
  const size = n === null ? defaultSize : Number(n);
  const last = query.get('last');
  const rest = last === null ? sorted : sorted.filter((name) => compareText(name, last) > 0);
  const names = rest.slice(0, size);
  const lastHere = names.at(-1);
  if (names.length === rest.length || lastHere === undefined) return { names, next: undefined };
  return { names, next: `last=${encodeURIComponent(lastHere)}&n=${size}` };
}

function link(path: string, next: string | undefined): Record<string, string> {
  return next === undefined ? {} : { link: `<${path}?${next}>; rel="next"` };
}

function badNumber(): Reply {
  return failure(400, 'PAGINATION_NUMBER_INVALID', 'n is not a number of results');
}
