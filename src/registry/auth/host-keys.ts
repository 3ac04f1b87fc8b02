/** Docker Hub has several names, and its credentials are kept under an old one. */
const DOCKER_HUB = new Set(['docker.io', 'registry-1.docker.io', 'index.docker.io']);

/** A host, or a key of a credentials file, as the host it means: without scheme and path, Docker Hub's names as one. */
export function canonicalHost(key: string): string {
  const host = key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return DOCKER_HUB.has(host) ? 'index.docker.io' : host;
}

/** The keys that may hold a repository's credential, the most specific first: `h/a/b`, `h/a`, `h`. */
export function keysFor(host: string, repository: string): string[] {
  const parts = repository.split('/').filter((part) => part !== '');
  return [...parts.keys(), parts.length]
    .reverse()
    .map((count) => [host, ...parts.slice(0, count)].join('/'));
}

/** What helper programs know a host by, best first. */
export function helperServersFor(host: string): string[] {
  return canonicalHost(host) === 'index.docker.io'
    ? ['https://index.docker.io/v1/', 'docker.io']
    : [host];
}

/** Where a host's API is (spec, transfer-engine, 5.1.1). */
export function apiHostOf(host: string): string {
  return DOCKER_HUB.has(host) ? 'registry-1.docker.io' : host;
}
