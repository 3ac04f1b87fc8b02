import type { ReleaseSources } from '../../src/release/release-sources.ts';

/** For passes whose files want no releases. */
export const noReleases: ReleaseSources = {
  openGraphs: () => ({ read: () => Promise.reject(new Error('no graphs here')) }),
  signatures: {
    ocp: { find: () => Promise.resolve(undefined) },
    okd: { find: () => Promise.resolve(undefined) },
  },
  isSignedBy: () => Promise.resolve(false),
  unsigned: new Set(),
  tidy: () => Promise.resolve(),
  readPayload: () => Promise.reject(new Error('no payloads here')),
  graphImage: {
    url: 'https://api.example.com/graph-data',
    base: 'registry.example.com/ubi9/ubi:latest',
    fetchData: () => Promise.reject(new Error('no graph data here')),
    build: () => Promise.reject(new Error('no graph image here')),
  },
};
