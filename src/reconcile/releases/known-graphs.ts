import { ControllerError } from '../../base/controller-error.ts';
import { formatPosition } from '../../base/entry-position.ts';
import type { FieldProblem } from '../../base/field-problem.ts';
import type { Lock } from '../../lock/lock.ts';
import { makeChannel } from '../../release/graph/channel.ts';
import { selectInChannel } from '../../release/graph/select-in-channel.ts';
import type { GraphQuestion, GraphSource, UpdateGraph } from '../../release/graph/update-graph.ts';
import type { ReleaseSources } from '../../release/release-sources.ts';
import type { PlatformRequest, RequestedChannel } from '../../resolve/releases/release-request.ts';

export interface KnownGraphs extends GraphSource {
  /** Channels that were looked up although no `resync` was due, since entries ask for what was not known. */
  readonly warnings: () => readonly FieldProblem[];
}

/**
 * Graphs of a pass: a channel of the lock stays as it was until `resync`, so what is kept of it is taken; what an entry
 * asks for beyond that is looked up anew (design.md, section 5, step 3).
 */
export function knownGraphs(
  sources: ReleaseSources,
  lock: Lock | undefined,
  requests: readonly PlatformRequest[],
  isResync: boolean,
): KnownGraphs {
  const now = sources.openGraphs('now');
  const kept = sources.openGraphs('kept');
  const locked = new Set(lock?.releases.flatMap(({ channels }) => channels));
  const asking = Map.groupBy(
    requests.flatMap(({ channels, architectures }) =>
      architectures.flatMap((architecture) =>
        channels.map((channel) => ({ architecture, channel })),
      ),
    ),
    ({ architecture, channel: { name, type } }) => keyOf({ type, architecture, channel: name }),
  );
  const warnings = new Map<string, FieldProblem>();

  async function read(question: GraphQuestion, signal: AbortSignal): Promise<UpdateGraph> {
    if (isResync || !locked.has(question.channel)) return now.read(question, signal);
    const graph = await kept.read(question, signal);
    const channels = (asking.get(keyOf(question)) ?? []).map(({ channel }) => channel);
    const beyond = channels.find((channel) => asksBeyond(channel, graph));
    if (beyond === undefined) return graph;
    warnings.set(`${formatPosition(beyond.entry.position)} ${question.architecture}`, {
      ...beyond.entry,
      message: `the channel ${question.channel} was looked up again, since it did not have all that is asked for`,
    });
    return now.read(question, signal);
  }

  return { read, warnings: () => [...warnings.values()] };
}

/** Whether an entry names a release that the graph does not have, or finds nothing in it. */
function asksBeyond(channel: RequestedChannel, graph: UpdateGraph): boolean {
  const isUnknown = [channel.minVersion, channel.maxVersion].some(
    (version) => version !== undefined && !graph.nodes.some((node) => node.version === version),
  );
  return isUnknown || !finds(channel, graph);
}

function finds(channel: RequestedChannel, graph: UpdateGraph): boolean {
  try {
    selectInChannel(channel, makeChannel(channel, graph));
    return true;
  } catch (error) {
    if (error instanceof ControllerError) return false;
    throw error;
  }
}

function keyOf({ type, architecture, channel }: GraphQuestion): string {
  return `${type} ${architecture} ${channel}`;
}
