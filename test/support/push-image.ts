import type { MadeImage } from './make-image.ts';
import { type Endpoint, type PlainResponse, plainRequest } from './plain-request.ts';

/** Pushes an image to a repository, blobs first, the top manifest under the tag (without one: by its digest). */
export async function pushImage(
  endpoint: Endpoint,
  repository: string,
  image: MadeImage,
  tag?: string,
): Promise<void> {
  for (const [digest, bytes] of image.blobs) await pushBlob(endpoint, repository, digest, bytes);
  for (const manifest of image.manifests) {
    const name = manifest === image.top && tag !== undefined ? tag : manifest.digest;
    const headers = { 'content-type': manifest.mediaType };
    const path = `/v2/${repository}/manifests/${name}`;
    must(
      201,
      await plainRequest(endpoint, 'PUT', path, { headers, body: manifest.bytes }),
      `PUT ${path}`,
    );
  }
}

/** Uploads one blob by POST and PUT. */
export async function pushBlob(
  endpoint: Endpoint,
  repository: string,
  digest: string,
  bytes: Uint8Array,
): Promise<void> {
  const started = must(
    202,
    await plainRequest(endpoint, 'POST', `/v2/${repository}/blobs/uploads/`, { body: '' }),
    `POST to ${repository}`,
  );
  const location = new URL(started.headers.location ?? '', endpoint.url);
  location.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream' };
  const path = location.pathname + location.search;
  must(
    201,
    await plainRequest(endpoint, 'PUT', path, { headers, body: bytes }),
    `PUT of ${digest} to ${repository}`,
  );
}

function must(status: number, response: PlainResponse, what: string): PlainResponse {
  if (response.status === status) return response;
  throw new Error(
    `${what}: expected ${status}, got ${response.status}: ${response.body.toString('utf8').slice(0, 500)}`,
  );
}
