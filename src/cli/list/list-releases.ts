import { compareText } from '../../base/compare-text.ts';
import { ControllerError } from '../../base/controller-error.ts';
import { compareReleases, parseReleaseVersion } from '../../release/graph/release-version.ts';
import type { GraphSource, UpdateGraph } from '../../release/graph/update-graph.ts';
import type { ListedArchitecture, ListedReleases } from './format-release-list.ts';
import type { ReleaseListRequest } from './release-list-request.ts';

/** What releases are listed with. */
export interface ReleaseListTools {
  readonly graphs: GraphSource;
  /** The tags of the repository that has the payloads of all releases. */
  readonly listTags: (signal: AbortSignal) => Promise<readonly string[]>;
}

/**
 * What there is of releases of OpenShift (spec, releases-helm, 1.4). An architecture without releases, or whose graph
 * cannot be read, does not hold the others up.
 * @throws ControllerError where nothing can be listed at all
 */
export async function listReleases(
  request: ReleaseListRequest,
  { graphs, listTags }: ReleaseListTools,
  signal: AbortSignal,
): Promise<ListedReleases> {
  switch (request.kind) {
    case 'minors':
      return { kind: 'minors', versions: minorsOf(await listTags(signal)) };
    case 'channels': {
      const { channel, version } = request;
      const graph = await readGraph(graphs, channel, 'amd64', signal);
      const channels = new Set(graph.nodes.flatMap((node) => node.channels));
      return { kind: 'channels', version, channels: [...channels].sort(compareText) };
    }
    case 'releases': {
      const { kind, channel, version } = request;
      const architectures: ListedArchitecture[] = [];
      for (const architecture of request.architectures)
        architectures.push(await listArchitecture(graphs, channel, architecture, signal));
      return { kind, version, channel, architectures };
    }
    default:
      return request satisfies never;
  }
}

async function listArchitecture(
  graphs: GraphSource,
  channel: string,
  architecture: string,
  signal: AbortSignal,
): Promise<ListedArchitecture> {
  try {
    const { nodes } = await readGraph(graphs, channel, architecture, signal);
    if (nodes.length === 0) throw noVersions(channel, architecture);
    const versions = nodes
      .flatMap(({ version }) => parseReleaseVersion(version) ?? [])
      .sort(compareReleases)
      .map(({ raw }) => raw);
    return { architecture, versions };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ControllerError)) throw error;
    return { architecture, problem: error };
  }
}

async function readGraph(
  graphs: GraphSource,
  channel: string,
  architecture: string,
  signal: AbortSignal,
): Promise<UpdateGraph> {
  try {
    return await graphs.read({ type: 'ocp', architecture, channel }, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ControllerError)) throw error;
    const { code, remedy, hint, message } = error;
    throw new ControllerError(code, `channel "${channel}": ${message}`, {
      remedy,
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  }
}

function noVersions(channel: string, architecture: string): ControllerError {
  return new ControllerError('RELEASE_SELECTION', `channel "${channel}": no versions found`, {
    remedy: 'wait-for-change',
    hint: `for ${architecture}; "imageset list releases --channels --version X.Y" shows the channels of a version`,
  });
}

/** The X.Y that tags like 4.18.9-x86_64 begin with; those of signatures say nothing. */
function minorsOf(tags: readonly string[]): string[] {
  const minors = new Map<string, readonly [major: number, minor: number]>();
  for (const tag of tags) {
    const [text, major, minor] = /(\d+)\.(\d+)/.exec(tag) ?? [];
    if (text === undefined || tag.endsWith('.sig')) continue;
    minors.set(text, [Number(major), Number(minor)]);
  }
  return [...minors].sort(([, a], [, b]) => a[0] - b[0] || a[1] - b[1]).map(([text]) => text);
}
