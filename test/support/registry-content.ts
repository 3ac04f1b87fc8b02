import type { LoggedRequest } from './docker-registry.ts';
import { type Endpoint, plainRequest } from './plain-request.ts';

/** Everything that tags of a docker-registry name: `repository:tag` ⇒ digest, sorted. */
export async function listRegistry(endpoint: Endpoint): Promise<Record<string, string>> {
  const { repositories } = await readJson<{ repositories: string[] }>(
    endpoint,
    '/v2/_catalog?n=1000',
  );
  const content: Record<string, string> = {};
  for (const repository of repositories.sort()) {
    const list = await readJson<{ tags?: string[] | null }>(
      endpoint,
      `/v2/${repository}/tags/list`,
    );
    for (const tag of (list.tags ?? []).sort()) {
      const digest = await digestAt(endpoint, `${repository}:${tag}`);
      if (digest !== undefined) content[`${repository}:${tag}`] = digest;
    }
  }
  return content;
}

/** The digest at `repository:tag`, or undefined where nothing is. */
export async function digestAt(endpoint: Endpoint, place: string): Promise<string | undefined> {
  const colon = place.lastIndexOf(':');
  const path = `/v2/${place.slice(0, colon)}/manifests/${place.slice(colon + 1)}`;
  const { headers, status } = await plainRequest(endpoint, 'HEAD', path);
  const digest = headers['docker-content-digest'];
  return status === 200 && typeof digest === 'string' ? digest : undefined;
}

/** How often each blob was stored: uploads that the registry completed, by digest. */
export function uploadsByDigest(requests: readonly LoggedRequest[]): Map<string, number> {
  return countBy(
    requests.filter(({ method, status }) => method === 'PUT' && status === 201),
    ({ path }) => /\/blobs\/uploads\/.*[?&]digest=([^&]+)/.exec(path)?.[1],
  );
}

/** How often each blob was read, in part or whole, by digest. */
export function readsByDigest(requests: readonly LoggedRequest[]): Map<string, number> {
  return countBy(
    requests.filter(({ method, status }) => method === 'GET' && status < 300),
    ({ path }) => /\/blobs\/(sha256:[0-9a-f]{64})$/.exec(path)?.[1],
  );
}

function countBy(
  requests: readonly LoggedRequest[],
  digestOf: (request: LoggedRequest) => string | undefined,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const request of requests) {
    const encoded = digestOf(request);
    if (encoded === undefined) continue;
    const digest = decodeURIComponent(encoded);
    counts.set(digest, (counts.get(digest) ?? 0) + 1);
  }
  return counts;
}

async function readJson<T>(endpoint: Endpoint, path: string): Promise<T> {
  const { body } = await plainRequest(endpoint, 'GET', path);
  return JSON.parse(body.toString('utf8')) as T;
}
