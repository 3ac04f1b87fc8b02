import { describe, expect, it } from 'vitest';
import { lockOf } from '../../../test/support/sample-catalogs.ts';
import { noReleases } from '../../../test/support/no-releases.ts';
import type { UpdateGraph } from '../../release/graph/update-graph.ts';
import type { Freshness } from '../../release/release-sources.ts';
import type { RequestedChannel } from '../../resolve/releases/release-request.ts';
import { knownGraphs } from './known-graphs.ts';

const CHANNEL: RequestedChannel = {
  ...{ name: 'stable-4.18', type: 'ocp' },
  ...{ minVersion: undefined, maxVersion: undefined },
  ...{ full: false, shortestPath: false, allowNotRecommended: false },
  entry: { position: { path: 'a.yaml', line: 6, column: 9 }, field: 'mirror.platform.channels[0]' },
};

function graphOf(...versions: readonly string[]): UpdateGraph {
  const nodes = versions.map((version) => ({
    version,
    payload: `q.io/a:${version}`,
    channels: [],
  }));
  return { nodes, edges: [], conditionalEdges: [] };
}

/** What of kept and fresh graphs is read, and how many warnings there are then. */
async function read(
  channel: Partial<RequestedChannel>,
  kept: UpdateGraph,
  { isResync = false, isLocked = true } = {},
): Promise<{ asked: Freshness[]; warnings: number }> {
  const asked: Freshness[] = [];
  const sources = {
    ...noReleases,
    openGraphs: (freshness: Freshness) => ({
      read: () => {
        asked.push(freshness);
        return Promise.resolve(freshness === 'kept' ? kept : graphOf('4.18.1', '4.18.2', '4.18.3'));
      },
    }),
  };
  const payload = `sha256:${'a'.repeat(64)}` as never;
  const channels = isLocked ? ['stable-4.18'] : [];
  const lock = lockOf({ releases: [{ release: '4.18.1-x86_64', payload, channels }] });
  const others = { architectures: ['arm64'], channels: [{ ...CHANNEL, minVersion: '4.18.9' }] };
  const own = { architectures: ['amd64'], channels: [{ ...CHANNEL, ...channel }] };
  const requests = [others, own] as never;
  const graphs = knownGraphs(sources, lock, requests, isResync);
  const question = { type: 'ocp', architecture: 'amd64', channel: 'stable-4.18' } as const;
  await graphs.read(question, new AbortController().signal);
  return { asked, warnings: graphs.warnings().length };
}

describe('knownGraphs', () => {
  const kept = graphOf('4.18.1', '4.18.2');

  it('takes a channel of the lock as it was', async () => {
    expect(await read({}, kept)).toEqual({ asked: ['kept'], warnings: 0 });
    const range = { minVersion: '4.18.1', maxVersion: '4.18.2' };
    expect(await read(range, kept)).toEqual({ asked: ['kept'], warnings: 0 });
  });

  it('asks for others, and in a resync', async () => {
    expect((await read({}, kept, { isLocked: false })).asked).toEqual(['now']);
    expect((await read({}, kept, { isResync: true })).asked).toEqual(['now']);
  });

  it.each<[string, Partial<RequestedChannel>, UpdateGraph]>([
    ['names a version that was not there', { maxVersion: '4.18.3' }, kept],
    ['found no release at all', {}, graphOf()],
    ['found no path', { minVersion: '4.18.1', maxVersion: '4.18.2', shortestPath: true }, kept],
  ])('asks again, and says so, where an entry %s', async (_what, channel, graph) => {
    expect(await read(channel, graph)).toEqual({ asked: ['kept', 'now'], warnings: 1 });
  });
});
