import type { ChannelEntry } from '../catalog-package.ts';
import { edgesOf, findChannelHead } from '../validate/channel-head.ts';
import { duplicatesOf } from '../validate/duplicates.ts';
import { listNames } from '../validate/name-list.ts';

/** The upgrade graph of a channel without cycles and with one head (spec, operator-catalogs, 3.4). */
export interface ChannelGraph {
  readonly head: string;
  readonly entryByName: ReadonlyMap<string, ChannelEntry>;
}

export type ChannelGraphResult =
  | { readonly kind: 'graph'; readonly graph: ChannelGraph }
  | { readonly kind: 'broken'; readonly reason: string };

/** A link of the chain of `replaces`; the last one may be no entry of the channel. */
export interface ChainLink {
  readonly name: string;
  readonly skips: readonly string[];
}

export function readChannelGraph(entries: readonly ChannelEntry[]): ChannelGraphResult {
  if (entries.length === 0) return broken('it has no entries');
  const [duplicate] = duplicatesOf(entries.map(({ name }) => name));
  if (duplicate !== undefined) return broken(`it has several entries "${duplicate}"`);
  const selfish = entries.find((entry) => edgesOf(entry).includes(entry.name));
  if (selfish !== undefined) return broken(`"${selfish.name}" replaces or skips itself`);
  const head = findChannelHead(entries);
  if (head.kind === 'none') return broken(head.reason);
  const entryByName = new Map(entries.map((entry) => [entry.name, entry]));
  const cycle = findCycle(entryByName);
  if (cycle !== undefined) {
    return broken(`there is a cycle of ${listNames(cycle)} in what they replace and skip`);
  }
  return { kind: 'graph', graph: { head: head.name, entryByName } };
}

/** The head, what it replaces, what that replaces, and so on. */
export function replacesChain({ head, entryByName }: ChannelGraph): readonly ChainLink[] {
  const chain: ChainLink[] = [];
  for (let name = head; name !== '';) {
    const entry = entryByName.get(name);
    chain.push({ name, skips: entry?.skips ?? [] });
    name = entry?.replaces ?? '';
  }
  return chain;
}

function broken(reason: string): ChannelGraphResult {
  return { kind: 'broken', reason };
}

/** Depth first with a stack of our own: a chain may be longer than the call stack is deep. */
function findCycle(entryByName: ReadonlyMap<string, ChannelEntry>): string[] | undefined {
  const done = new Set<string>();
  for (const start of entryByName.keys()) {
    const path = [{ name: start, edges: edgesOfName(start, entryByName) }];
    const onPath = new Set([start]);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = done.has(top.name) ? undefined : top.edges.pop();
      if (next === undefined) {
        done.add(top.name);
        onPath.delete(top.name);
        path.pop();
      } else if (onPath.has(next)) {
        const names = path.map(({ name }) => name);
        return names.slice(names.indexOf(next));
      } else if (!done.has(next)) {
        onPath.add(next);
        path.push({ name: next, edges: edgesOfName(next, entryByName) });
      }
    }
  }
  return undefined;
}

function edgesOfName(name: string, entryByName: ReadonlyMap<string, ChannelEntry>): string[] {
  const entry = entryByName.get(name);
  return entry === undefined ? [] : edgesOf(entry);
}
