/** A channel as tests write it: versions and their payloads, updates by version. */
export interface ChannelGraph {
  readonly nodes: readonly GraphNode[];
  /** From and to. */
  readonly edges?: readonly (readonly [from: string, to: string])[];
  readonly conditional?: readonly ConditionalUpdate[];
}

export interface GraphNode {
  readonly version: string;
  readonly payload: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface ConditionalUpdate {
  readonly from: string;
  readonly to: string;
  /** Names. */
  readonly risks: readonly string[];
}

/** What an update service answers (spec, releases-helm, 1.3). */
export function graphDocument({ nodes, edges = [], conditional = [] }: ChannelGraph): string {
  const positions = new Map(nodes.map(({ version }, index) => [version, index]));
  return JSON.stringify({
    version: 1,
    nodes: nodes.map(({ metadata = {}, ...node }) => ({ ...node, metadata })),
    edges: edges.map((edge) =>
      edge.map((version) => {
        const position = positions.get(version);
        if (position === undefined) throw new Error(`an update names ${version}, which is no node`);
        return position;
      }),
    ),
    conditionalEdges: conditional.map(({ from, to, risks }) => ({
      edges: [{ from, to }],
      risks: risks.map((name) => ({
        url: `https://risks.example/${name}`,
        name,
        message: `What ${name} is.`,
        matchingRules: [{ type: 'Always' }],
      })),
    })),
  });
}
