import type { Digest } from '../../oci/digest.ts';
import type { StoreRepository } from '../store-repository.ts';
import { type Reply, failure } from './reply.ts';

/** `GET` and `HEAD` of a blob, whole or one range of it. */
export async function getBlob(
  repository: StoreRepository,
  digest: Digest,
  rangeHeader: string | undefined,
): Promise<Reply> {
  const blob = await repository.findBlob(digest);
  if (blob === undefined) return unknownBlob(digest);
  const headers = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
  };
  const range = parseRange(rangeHeader, blob.size);
  if (range === 'unsatisfiable') {
    return failure(416, 'RANGE_INVALID', 'the range is not within the blob', {
      headers: { 'content-range': `bytes */${blob.size}` },
    });
  }
  const body = await repository.openBlob(digest, range);
  if (body === undefined) return unknownBlob(digest);
  if (range === undefined)
    return { status: 200, headers: { ...headers, 'content-length': blob.size }, body };
  const { start, end } = range;
  return {
    status: 206,
    headers: {
      ...headers,
      'content-length': end - start + 1,
      'content-range': `bytes ${start}-${end}/${blob.size}`,
    },
    body,
  };
}

/** `DELETE`: the repository serves the blob no more. */
export async function deleteBlob(repository: StoreRepository, digest: Digest): Promise<Reply> {
  const wasThere = await repository.unlinkBlob(digest);
  return wasThere ? { status: 202, headers: { 'content-length': 0 } } : unknownBlob(digest);
}

/**
 * One range of a `Range` header (RFC 9110, 14.1.2), first and last byte. Undefined where there is none, or one
 * that a server may ignore: another unit, several ranges, nonsense.
 */
export function parseRange(
  header: string | undefined,
  size: number,
): { readonly start: number; readonly end: number } | 'unsatisfiable' | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}

function unknownBlob(digest: Digest): Reply {
  return failure(404, 'BLOB_UNKNOWN', 'blob unknown to this repository', { detail: { digest } });
}
