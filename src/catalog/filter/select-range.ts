import { type ChannelGraph, replacesChain } from './channel-graph.ts';

/**
 * The bundles of a range (spec, operator-catalogs, 3.4): the part of the chain of `replaces` from the lowest
 * link that still leads to all of them, down to the last one in range, links out of range included, and
 * those that a link skips and that are in range. Names that are no entry of the channel may be among them.
 */
export function selectRange(
  graph: ChannelGraph,
  isInRange: (name: string) => boolean,
): ReadonlySet<string> {
  const chain = replacesChain(graph);
  const names = new Set<string>();
  let newHead = chain.length;
  let tail = 0;
  for (const [index, link] of [...chain.entries()].reverse()) {
    const before = names.size;
    for (const name of [link.name, ...link.skips]) if (isInRange(name)) names.add(name);
    if (names.size === before) continue;
    if (before === 0) tail = index + 1;
    newHead = index;
  }
  for (const { name } of chain.slice(newHead, tail)) names.add(name);
  return names;
}
