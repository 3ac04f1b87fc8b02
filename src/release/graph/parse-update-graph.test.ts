import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ControllerError } from '../../base/controller-error.ts';
import { GRAPH_LIMIT_BYTES, parseUpdateGraph } from './parse-update-graph.ts';
import type { UpdateGraph } from './update-graph.ts';

const WHERE = 'the graph of c (amd64) at https://graph.example.com/graph';
const CHANNELS = 'io.openshift.upgrades.graph.release.channels';

function parse(value: unknown): UpdateGraph {
  return parseUpdateGraph(Buffer.from(JSON.stringify(value)), WHERE);
}

function node(version: string, payload = `q.io/r@${version}`): object {
  return { version, payload, metadata: {} };
}

describe('parseUpdateGraph', () => {
  it('reads what is known and leaves out the rest', () => {
    const graph = parse({
      version: 1,
      new: [1],
      nodes: [
        {
          version: '4.18.1',
          payload: 'q.io/r@sha256:1',
          metadata: { [CHANNELS]: 'fast-4.18, stable-4.18,,a b' },
          new: 1,
        },
        { version: '4.18.0-rc.1+x', payload: 'q.io/r:2' },
        { version: '4.18.2', payload: 'q.io/r:3', metadata: null },
      ],
      edges: [
        [0, 2],
        [1, 0],
      ],
      conditionalEdges: [
        {
          edges: [
            { from: '4.18.1', to: '4.18.2' },
            { from: '4.17.9', to: '4.18.2' },
          ],
          risks: [
            { name: 'Some\u001b Risk', url: 'https://x', matchingRules: [{ type: 'Always' }] },
          ],
        },
      ],
    });

    expect(graph).toEqual({
      nodes: [
        { version: '4.18.1', payload: 'q.io/r@sha256:1', channels: ['fast-4.18', 'stable-4.18'] },
        { version: '4.18.0-rc.1+x', payload: 'q.io/r:2', channels: [] },
        { version: '4.18.2', payload: 'q.io/r:3', channels: [] },
      ],
      edges: [
        [0, 2],
        [1, 0],
      ],
      conditionalEdges: [{ from: '4.18.1', to: '4.18.2', risks: ['Some  Risk'] }],
    });
  });

  it.each([{ nodes: [] }, { nodes: null, edges: null, conditionalEdges: null }])(
    'takes %j for a channel without releases',
    (value) => {
      expect(parse(value)).toEqual({ nodes: [], edges: [], conditionalEdges: [] });
    },
  );

  it('takes a release that is there twice as one', () => {
    const nodes = [node('4.1.0'), node('4.1.0'), node('4.1.1')];

    const graph = parse({ nodes, edges: [[1, 2]] });

    expect(graph.nodes.map(({ version }) => version)).toEqual(['4.1.0', '4.1.1']);
    expect(graph.edges).toEqual([[0, 1]]);
  });

  it.each([
    { value: [], reason: /the graph: / },
    { value: {}, reason: /the graph\.nodes: / },
    { value: { nodes: {} }, reason: /the graph\.nodes: / },
    { value: { nodes: [], edges: 'x' }, reason: /the graph\.edges: / },
    { value: { nodes: [1] }, reason: /nodes\[0\]: / },
    { value: { nodes: [node('4.1.0'), { version: '4.1.1' }] }, reason: /nodes\[1\]\.payload: / },
    { value: { nodes: [node('4.1.0', '')] }, reason: /nodes\[0\]\.payload: is no reference/ },
    {
      value: { nodes: [node('4.1.0', 'q.io/r\n')] },
      reason: /nodes\[0\]\.payload: is no reference/,
    },
    {
      value: { nodes: [{ ...node('4.1.0'), metadata: { a: 1 } }] },
      reason: /nodes\[0\]\.metadata\.a: /,
    },
    {
      value: { nodes: [node('4.1')] },
      reason: /nodes\[0\] has the version "4\.1", which is no SemVer/,
    },
    { value: { nodes: [node('v4.1.0')] }, reason: /no SemVer/ },
    { value: { nodes: [node(' 4.1.0', 'q.io/r')] }, reason: /no SemVer/ },
    { value: { nodes: [node('04.1.0')] }, reason: /no SemVer/ },
    { value: { nodes: [node(`4.1.0-${'9'.repeat(300)}`, 'q.io/r')] }, reason: /no SemVer/ },
    {
      value: { nodes: [node('4.1.0'), node('4.1.0', 'q.io/r:other')] },
      reason: /two releases 4\.1\.0 with different payloads/,
    },
    {
      value: { nodes: [node('4.1.0')], edges: [[0, 1]] },
      reason: /edges\[0\] names a node that is not there/,
    },
    { value: { nodes: [node('4.1.0')], edges: [[0, -1]] }, reason: /edges\[0\] names a node/ },
    { value: { nodes: [node('4.1.0')], edges: [[0, 0.5]] }, reason: /edges\[0\]\.1: / },
    { value: { nodes: [node('4.1.0')], edges: [[0, '0']] }, reason: /edges\[0\]\.1: / },
    { value: { nodes: [node('4.1.0')], edges: [[0]] }, reason: /edges\[0\]/ },
    {
      value: { nodes: [], conditionalEdges: [{ edges: [] }] },
      reason: /conditionalEdges\[0\]\.risks: /,
    },
    {
      value: { nodes: [], conditionalEdges: [{ edges: [{ from: 1 }], risks: [] }] },
      reason: /conditionalEdges\[0\]\.edges\.0\.from: /,
    },
  ])('refuses $reason', ({ value, reason }) => {
    const call = (): unknown => parse(value);

    expect(call).toThrow(expect.objectContaining({ code: 'UPDATE_GRAPH_INVALID' }));
    expect(call).toThrow(reason);
    expect(call).toThrow(
      /^the graph of c \(amd64\) at https:\/\/graph\.example\.com\/graph is no update graph: /,
    );
  });

  it.each([
    { name: 'HTML', bytes: Buffer.from('<html>not found</html>'), reason: /not JSON$/ },
    { name: 'nothing', bytes: Buffer.alloc(0), reason: /it is not JSON/ },
    { name: 'no UTF-8', bytes: Buffer.from([0x22, 0xff, 0x22]), reason: /it is not JSON/ },
    { name: 'a deep pit', bytes: Buffer.alloc(900_000, '['), reason: /it is not JSON/ },
    {
      name: 'a crowd',
      bytes: Buffer.alloc(1_000_001, '['),
      reason: /more than 1000000 lists and objects/,
    },
    { name: 'a flood', bytes: Buffer.alloc(GRAPH_LIMIT_BYTES + 1), reason: /more than \d+ bytes/ },
  ])('refuses $name', ({ bytes, reason }) => {
    expect(() => parseUpdateGraph(bytes, WHERE)).toThrow(reason);
  });

  it('reads 20,000 releases', () => {
    const nodes = Array.from({ length: 20_000 }, (_, at) => node(`4.${at % 50}.${at}`));
    const edges = nodes.slice(1).flatMap((_, at) => [
      [at, at + 1],
      [Math.floor(at / 2), at + 1],
    ]);

    const graph = parse({ nodes, edges });

    expect(graph.nodes).toHaveLength(20_000);
    expect(graph.edges).toHaveLength(edges.length);
  });

  it('reads or refuses anything, and never breaks', () => {
    const version = fc.oneof(fc.constantFrom('4.1.0', '4.1.1', '4.1', '__proto__'), fc.string());
    const someNode = fc.record(
      {
        version,
        payload: fc.oneof(fc.constant('q.io/r:1'), fc.string()),
        metadata: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const conditional = fc.record(
      { edges: fc.array(fc.record({ from: version, to: version })), risks: fc.jsonValue() },
      { requiredKeys: [] },
    );
    const graphs = fc.record(
      {
        nodes: fc.oneof(fc.array(someNode), fc.jsonValue()),
        edges: fc.oneof(fc.array(fc.tuple(fc.integer(), fc.nat(3))), fc.jsonValue()),
        conditionalEdges: fc.oneof(fc.array(conditional), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(graphs, fc.jsonValue()), (value) => {
        try {
          const { nodes, edges } = parse(value);
          for (const [from, to] of edges) {
            expect(nodes[from]).toBeDefined();
            expect(nodes[to]).toBeDefined();
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ControllerError);
          expect(error).toMatchObject({ code: 'UPDATE_GRAPH_INVALID' });
        }
      }),
    );
  });

  it('reads or refuses any bytes, and never breaks', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(() => parseUpdateGraph(bytes, WHERE)).toThrow(/is no update graph/);
      }),
    );
  });
});
