import { type Digest, isDigest } from '../../oci/digest.ts';
import type { ManifestReference } from '../../oci/ends.ts';
import { isRepositoryPath, isTag } from '../../oci/reference.ts';
import { type Reply, failure } from './reply.ts';

/** What a path of the API names (OCI distribution-spec, "Endpoints"). */
export type Route =
  | { readonly kind: 'ping' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'tags'; readonly repository: string }
  | {
      readonly kind: 'manifest';
      readonly repository: string;
      readonly reference: ManifestReference;
    }
  | { readonly kind: 'blob'; readonly repository: string; readonly digest: Digest }
  | { readonly kind: 'uploads'; readonly repository: string }
  | { readonly kind: 'upload'; readonly repository: string; readonly id: string }
  | { readonly kind: 'referrers'; readonly repository: string; readonly digest: Digest }
  | { readonly kind: 'none'; readonly reply: Reply };

const UPLOAD_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Reads the path of a request, as it arrived. Each segment is decoded once and then has to fit its grammar,
 * so `..`, `%2e%2e` and the like are names that do not exist.
 */
export function parseRoute(path: string): Route {
  const segments = decodeSegments(path);
  if (segments?.[0] !== '' || segments[1] !== 'v2')
    return none(failure(404, 'UNSUPPORTED', 'there is nothing here but /v2/'));
  const rest = segments.slice(2);
  if (rest.length === 0 || (rest.length === 1 && rest[0] === '')) return { kind: 'ping' };
  if (rest.length === 1 && rest[0] === '_catalog') return { kind: 'catalog' };
  const last = rest.at(-1) ?? '';
  const before = rest.at(-2);
  if (before === 'uploads' && rest.at(-3) === 'blobs') return uploadRoute(rest.slice(0, -3), last);
  if (last === 'uploads' && before === 'blobs') return uploadRoute(rest.slice(0, -2), '');
  const repository = rest.slice(0, -2).join('/');
  if (!isKnownWord(before)) return none(failure(404, 'UNSUPPORTED', 'there is no such endpoint'));
  if (!isRepository(rest.slice(0, -2))) return badName(repository);
  switch (before) {
    case 'tags':
      return last === 'list'
        ? { kind: 'tags', repository }
        : none(failure(404, 'UNSUPPORTED', 'there is no such endpoint'));
    case 'manifests':
      return manifestRoute(repository, last);
    case 'blobs':
      return isDigest(last) ? { kind: 'blob', repository, digest: last } : badDigest(last);
    case 'referrers':
      return isDigest(last) ? { kind: 'referrers', repository, digest: last } : badDigest(last);
    default:
      return before satisfies never;
  }
}

function isKnownWord(
  word: string | undefined,
): word is 'tags' | 'manifests' | 'blobs' | 'referrers' {
  return word === 'tags' || word === 'manifests' || word === 'blobs' || word === 'referrers';
}

function manifestRoute(repository: string, name: string): Route {
  if (isDigest(name))
    return { kind: 'manifest', repository, reference: { kind: 'digest', digest: name } };
  if (isTag(name)) return { kind: 'manifest', repository, reference: { kind: 'tag', tag: name } };
  return name.includes(':')
    ? badDigest(name)
    : none(failure(400, 'TAG_INVALID', 'the tag is not valid', { detail: shown(name) }));
}

function uploadRoute(parts: readonly string[], id: string): Route {
  const repository = parts.join('/');
  if (!isRepository(parts)) return badName(repository);
  if (id === '') return { kind: 'uploads', repository };
  if (UPLOAD_ID.test(id)) return { kind: 'upload', repository, id };
  return none(failure(404, 'BLOB_UPLOAD_UNKNOWN', 'there is no such upload'));
}

function isRepository(parts: readonly string[]): boolean {
  return parts.every((part) => !part.includes('/')) && isRepositoryPath(parts.join('/'));
}

function decodeSegments(path: string): string[] | undefined {
  try {
    return path.split('/').map((segment) => decodeURIComponent(segment));
  } catch {
    return undefined; // A `%` that starts no character.
  }
}

function badName(repository: string): Route {
  return none(
    failure(400, 'NAME_INVALID', 'the repository name is not valid', { detail: shown(repository) }),
  );
}

function badDigest(digest: string): Route {
  return none(failure(400, 'DIGEST_INVALID', 'the digest is not valid', { detail: shown(digest) }));
}

function none(reply: Reply): Route {
  return { kind: 'none', reply };
}

function shown(text: string): string {
  return text.slice(0, 300);
}
