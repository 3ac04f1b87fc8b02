import type { RefusedRelease } from '../../support/releases/refused-release.ts';
import type { ReleaseSite } from '../../support/releases/release-site.ts';
import type { MadeRelease } from '../../support/releases/make-release.ts';

/** Two releases of a minor version, and their channel. */
async function twoReleases(
  site: ReleaseSite,
  minor: number,
  channel: Partial<Parameters<ReleaseSite['addChannel']>[1]> = {},
): Promise<{ name: string; versions: [string, string]; releases: [MadeRelease, MadeRelease] }> {
  const versions: [string, string] = [`4.${minor}.0`, `4.${minor}.1`];
  const first = await site.addRelease({ version: versions[0], components: ['cli'] });
  const second = await site.addRelease({ version: versions[1], components: ['cli'] });
  const name = `stable-4.${minor}`;
  site.addChannel(name, { versions, ...channel });
  return { name, versions, releases: [first, second] };
}

/** A channel whose graph is a text, and the same with a good one. */
function answering(graph: () => string): RefusedRelease['arrange'] {
  return async (site, minor) => {
    const version = `4.${minor}.0`;
    const release = await site.addRelease({ version, components: ['cli'] });
    const name = `stable-4.${minor}`;
    site.service.setGraph('amd64', name, graph());
    return {
      platform: { channels: [{ name }] },
      refused: [release],
      repair: () => {
        site.addChannel(name, { versions: [version] });
        return undefined;
      },
    };
  };
}

const GRAPH_INVALID = {
  code: 'UPDATE_GRAPH_INVALID',
  at: '6:9',
  advises: 'Check what answers at that URL: releases.graphUrl in the settings',
} as const;
const NODE = '{"version": "4.1.0", "payload": "registry.example.com/release:4.1.0"}';

/** What channels do not have, and graphs that are none. */
export const SELECTION: readonly RefusedRelease[] = [
  {
    name: 'a channel that nobody knows',
    code: 'RELEASE_SELECTION',
    at: '6:9',
    says: ['stale-4.N has no releases'],
    advises: '"imageset list releases --channels --version X.Y" shows the channels of a version',
    arrange: async (site, minor) => {
      const { name, releases } = await twoReleases(site, minor);
      return {
        platform: { channels: [{ name: `stale-4.${minor}` }] },
        refused: [releases[1]],
        repair: () => ({ channels: [{ name }] }),
      };
    },
  },
  {
    name: 'a path that ends outside its channel',
    code: 'RELEASE_SELECTION',
    at: '6:9',
    says: ['stable-4.N does not have 4.N.9', 'stable-4.N has 4.N.0, 4.N.1'],
    advises: 'Choose versions that the channel has',
    arrange: async (site, minor) => {
      const { name, versions, releases } = await twoReleases(site, minor);
      const path = { name, minVersion: versions[0], shortestPath: true };
      return {
        platform: { channels: [{ ...path, maxVersion: `4.${minor}.9` }] },
        refused: releases,
        repair: () => ({ channels: [{ ...path, maxVersion: versions[1] }] }),
      };
    },
  },
  {
    name: 'a path that does not exist',
    code: 'RELEASE_SELECTION',
    at: '6:9',
    says: ['no recommended updates lead from 4.N.0 to 4.N.1', 'they lead to nothing'],
    advises: 'leave shortestPath out to mirror every release between them',
    arrange: async (site, minor) => {
      const { name, versions, releases } = await twoReleases(site, minor, { edges: [] });
      const range = { name, minVersion: versions[0], maxVersion: versions[1] };
      return {
        platform: { channels: [{ ...range, shortestPath: true }] },
        refused: releases,
        repair: () => ({ channels: [range] }),
      };
    },
  },
  {
    name: 'a path of updates with risks alone',
    code: 'RELEASE_SELECTION',
    at: '6:9',
    says: ['no recommended updates lead from 4.N.0 to 4.N.1'],
    advises: 'write allowNotRecommended: true to let them count',
    arrange: async (site, minor) => {
      const [from, to] = [`4.${minor}.0`, `4.${minor}.1`];
      const conditional = [{ from, to, risks: ['SlowBoot'] }];
      const { name, releases } = await twoReleases(site, minor, { edges: [], conditional });
      const path = { name, minVersion: from, maxVersion: to, shortestPath: true };
      return {
        platform: { channels: [path] },
        refused: releases,
        repair: () => ({ channels: [{ ...path, allowNotRecommended: true }] }),
      };
    },
  },
  {
    name: 'a range without a release',
    code: 'RELEASE_SELECTION',
    at: '6:9',
    says: ['no release is from 4.N.5 to 4.N.9', 'stable-4.N has 4.N.0, 4.N.1'],
    advises: 'Choose bounds with a release between them.',
    arrange: async (site, minor) => {
      const { name, releases } = await twoReleases(site, minor);
      const maxVersion = `4.${minor}.9`;
      return {
        platform: { channels: [{ name, minVersion: `4.${minor}.5`, maxVersion }] },
        refused: releases,
        repair: () => ({ channels: [{ name, minVersion: `4.${minor}.0`, maxVersion }] }),
      };
    },
  },
  {
    name: 'a channel without versions on one of its architectures',
    code: 'RELEASE_SELECTION',
    at: '9:9',
    says: ['stable-4.N (arm64) has no releases'],
    advises: 'Check the name of the channel and the architecture',
    arrange: async (site, minor) => {
      const { name } = await twoReleases(site, minor);
      const version = `4.${minor}.1`;
      const other = await site.addRelease({ version, architecture: 'arm64', components: ['cli'] });
      return {
        platform: { architectures: ['amd64', 'arm64'], channels: [{ name }] },
        refused: [other],
        repair: () => {
          site.addChannel(name, { versions: [version], architecture: 'arm64' });
          return undefined;
        },
      };
    },
  },
  {
    name: 'an update service that refuses the name of a channel',
    code: 'DOWNLOAD_FAILED',
    at: '6:9',
    says: ['answered 400', "invalid client parameters: 'channel'"],
    advises: 'Check the URL, and what was asked for.',
    arrange: async (site, minor) => {
      const { name, releases } = await twoReleases(site, minor);
      return {
        platform: { channels: [{ name: `Stable-4.${minor}` }] },
        refused: releases,
        repair: () => ({ channels: [{ name, full: true }] }),
      };
    },
  },
  {
    ...GRAPH_INVALID,
    name: 'a web page in place of a graph',
    says: ['the graph of stable-4.N (amd64) at http://', 'it is a web page, not JSON'],
    arrange: answering(() => '<!DOCTYPE html>\n<title>Sign in</title>'),
  },
  {
    ...GRAPH_INVALID,
    name: 'a graph that was cut off',
    says: ['the graph of stable-4.N', 'it is not JSON'],
    arrange: answering(() => `{"nodes": [${NODE}], "edges": [[0`),
  },
  {
    ...GRAPH_INVALID,
    name: 'a graph with an update to nowhere',
    says: ['edges[0] names a node that is not there'],
    arrange: answering(() => `{"nodes": [${NODE}], "edges": [[0, 1]]}`),
  },
  {
    ...GRAPH_INVALID,
    name: 'a graph with a version that is none',
    says: ['nodes[0] has the version "latest", which is no SemVer'],
    arrange: answering(() => `{"nodes": [${NODE.replace('4.1.0', 'latest')}], "edges": []}`),
  },
  {
    ...GRAPH_INVALID,
    name: 'a graph with two payloads of one version',
    says: ['there are two releases 4.1.0 with different payloads'],
    arrange: answering(
      () => `{"nodes": [${NODE}, ${NODE.replace('release:', 'other:')}], "edges": []}`,
    ),
  },
  {
    name: 'a graph without end',
    code: 'DOWNLOAD_FAILED',
    at: '6:9',
    says: ['downloading http://', 'more than 67108864 bytes'],
    advises: 'Check',
    arrange: answering(() => ' '.repeat(64 * 1024 ** 2 + 1)),
  },
];
