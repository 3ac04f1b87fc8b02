import type { SemVer } from 'semver';
import { compareReleases, parseReleaseVersion } from './release-version.ts';
import type { ReleaseNode, ReleaseType, UpdateGraph } from './update-graph.ts';

/** A release of a channel. */
export interface Release {
  readonly version: SemVer;
  readonly node: ReleaseNode;
  /** In the order of versions, from 0. */
  readonly position: number;
}

/** An update between two releases of a channel, by position. */
export interface Update {
  readonly from: number;
  readonly to: number;
  /** Where it is recommended only to clusters without them. */
  readonly risks?: readonly string[];
}

/** A channel, its releases in order. */
export interface Channel {
  readonly name: string;
  readonly type: ReleaseType;
  /** Ascending. */
  readonly releases: readonly Release[];
  /** Of each release, by position: the updates to it. */
  readonly updatesTo: readonly (readonly Update[])[];
  /** Of each release, by position: the updates from it. */
  readonly updatesFrom: readonly (readonly Update[])[];
  find(version: string): Release | undefined;
}

/** Puts a graph in order. */
export function makeChannel(
  { name, type }: Pick<Channel, 'name' | 'type'>,
  graph: UpdateGraph,
): Channel {
  const releases = graph.nodes
    .flatMap((node, index) => {
      const version = parseReleaseVersion(node.version);
      return version === undefined ? [] : [{ node, index, version }];
    })
    .sort((a, b) => compareReleases(a.version, b.version))
    .map((release, position) => ({ ...release, position }));
  const byVersion = new Map(releases.map((release) => [release.node.version, release]));
  const positions = new Map(releases.map(({ index, position }) => [index, position]));
  const updatesTo: Update[][] = releases.map(() => []);
  const updatesFrom: Update[][] = releases.map(() => []);

  function add(from: number | undefined, to: number | undefined, risks?: readonly string[]): void {
    if (from === undefined || to === undefined) return;
    const update = { from, to, ...(risks === undefined ? {} : { risks }) };
    updatesTo[to]?.push(update);
    updatesFrom[from]?.push(update);
  }
  for (const [from, to] of graph.edges) add(positions.get(from), positions.get(to));
  for (const { from, to, risks } of graph.conditionalEdges)
    add(byVersion.get(from)?.position, byVersion.get(to)?.position, risks);

  return {
    name,
    type,
    releases,
    updatesTo,
    updatesFrom,
    find: (version) => byVersion.get(version),
  };
}
