import fc from 'fast-check';
import { SemVer } from 'semver';
import { expect, it } from 'vitest';
import type { ChannelRequest, ReleaseSelection } from './release-selection.ts';
import { selectReleases } from './select-releases.ts';
import type { UpdateGraph } from './update-graph.ts';

const VERSIONS = [
  '4.1.0',
  '4.1.1',
  '4.1.2',
  '4.2.0-rc.1',
  '4.2.0',
  '4.2.1',
  '4.2.10',
  '4.3.0',
  '5.0.0',
];
const CHANNELS = [
  'stable-4.1',
  'fast-4.1',
  'stable-4.2',
  'eus-4.2',
  'stable-4.3',
  'stable-5.0',
  'ours',
];

/** Any graph of some of the versions, in any order; updates go anywhere, circles and steps back included. */
const someGraph: fc.Arbitrary<UpdateGraph> = fc
  .tuple(
    fc.shuffledSubarray(VERSIONS, { minLength: 1 }),
    fc.array(fc.tuple(fc.nat(), fc.nat())),
    fc.array(fc.tuple(fc.nat(), fc.nat())),
  )
  .map(([versions, updates, conditional]) => {
    const at = (index: number): number => index % versions.length;
    return {
      nodes: versions.map((version) => ({ version, payload: `q.io/r:${version}`, channels: [] })),
      edges: updates.map(([from, to]) => [at(from), at(to)]),
      conditionalEdges: conditional.map(([from, to]) => ({
        from: versions[at(from)] ?? '',
        to: versions[at(to)] ?? '',
        risks: ['Risk'],
      })),
    };
  });
const bound = fc.option(fc.constantFrom(...VERSIONS, '4.2.5'), { nil: undefined });

function someRequest(name: fc.Arbitrary<string>): fc.Arbitrary<ChannelRequest> {
  return fc.record({
    name,
    type: fc.constant('ocp' as const),
    minVersion: bound,
    maxVersion: bound,
    full: fc.boolean(),
    shortestPath: fc.boolean(),
    allowNotRecommended: fc.boolean(),
  });
}

async function selectOne(request: ChannelRequest, graph: UpdateGraph): Promise<ReleaseSelection> {
  return await selectReleases([request], () => Promise.resolve(graph));
}

function versionsOf({ releases }: ReleaseSelection): string[] {
  return releases.map(({ version }) => version);
}

it('without shortestPath the releases are those of the closed range', async () => {
  await fc.assert(
    fc.asyncProperty(someRequest(fc.constant('c')), someGraph, async (asked, graph) => {
      const request = { ...asked, shortestPath: false };
      const { minVersion, maxVersion, full } = request;
      const isHead = minVersion === undefined && maxVersion === undefined && !full;
      const all = graph.nodes
        .map(({ version }) => new SemVer(version))
        .sort((a, b) => a.compare(b));
      const range = all.filter(
        (version) =>
          version.compare(minVersion ?? '0.0.0') >= 0 &&
          version.compare(maxVersion ?? '9.0.0') <= 0,
      );

      const selection = await selectOne(request, graph);

      expect(versionsOf(selection)).toEqual((isHead ? all.slice(-1) : range).map(({ raw }) => raw));
      expect(selection.failures).toHaveLength(range.length === 0 ? 1 : 0);
    }),
  );
});

it('a path is joined by updates that count, and no shorter one is there', async () => {
  await fc.assert(
    fc.asyncProperty(someRequest(fc.constant('c')), someGraph, async (asked, graph) => {
      const [lowest = '', highest = ''] = [graph.nodes[0], graph.nodes.at(-1)].map(
        (node) => node?.version,
      );
      const request = { ...asked, shortestPath: true, minVersion: lowest, maxVersion: highest };
      const updates = graph.edges.map(([from, to]) => [
        graph.nodes[from]?.version,
        graph.nodes[to]?.version,
      ]);
      if (request.allowNotRecommended)
        updates.push(...graph.conditionalEdges.map(({ from, to }) => [from, to]));
      // How far everything is from the start, found the slow way.
      const steps = new Map([[lowest, 0]]);
      for (let left = graph.nodes.length; left > 0; left -= 1) {
        for (const [from = '', to = ''] of updates) {
          const next = (steps.get(from) ?? Infinity) + 1;
          if (next < (steps.get(to) ?? Infinity)) steps.set(to, next);
        }
      }

      const selection = await selectOne(request, graph);

      const found = versionsOf(selection);
      const distance = steps.get(highest);
      expect(selection.failures).toHaveLength(distance === undefined ? 1 : 0);
      expect(found).toHaveLength(distance === undefined ? 0 : distance + 1);
      const inOrder = found.toSorted((a, b) => (steps.get(a) ?? 0) - (steps.get(b) ?? 0));
      for (const [at, version] of inOrder.slice(1).entries())
        expect(updates).toContainEqual([inOrder[at], version]);
    }),
  );
});

it('is the same for channels and releases in any order', async () => {
  const graphs = fc.record(Object.fromEntries(CHANNELS.map((name) => [name, someGraph])));
  const requests = fc
    .uniqueArray(someRequest(fc.constantFrom(...CHANNELS)), { selector: ({ name }) => name })
    .chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
  await fc.assert(
    fc.asyncProperty(requests, graphs, async ([asked, shuffled], known) => {
      const read = ({ name }: { name: string }): Promise<UpdateGraph> =>
        Promise.resolve(known[name] ?? { nodes: [], edges: [], conditionalEdges: [] });

      const selection = await selectReleases(asked, read);

      expect(await selectReleases(shuffled, read)).toEqual(selection);
    }),
  );
});

it('20,000 releases with 200,000 updates are no trouble', async () => {
  const nodes = Array.from({ length: 20_000 }, (_, at) => ({
    version: `4.18.${at}`,
    payload: `q.io/r:${at}`,
    channels: [],
  }));
  const edges = nodes.flatMap((_, from) =>
    Array.from({ length: 10 }, (_unused, step) => [from, from + step + 1] as const),
  );
  const graph = {
    nodes,
    edges: edges.filter(([, to]) => to < nodes.length),
    conditionalEdges: [],
  };
  const base = { name: 'c', type: 'ocp', allowNotRecommended: false } as const;

  const all = await selectOne({ ...base, full: true, shortestPath: false }, graph);
  const path = await selectOne({ ...base, full: true, shortestPath: true }, graph);

  expect(all.releases).toHaveLength(20_000);
  expect(path.releases).toHaveLength(2001);
});
