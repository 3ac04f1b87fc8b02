import { compareText } from '../../base/compare-text.ts';
import type { ChannelEntry } from '../catalog-package.ts';

export type ChannelHead =
  | { readonly kind: 'head'; readonly name: string }
  | { readonly kind: 'none'; readonly reason: string };

/**
 * The head of a channel: the only entry that no entry of the channel replaces or skips. Versions play no
 * part, and `skipRange` is no edge (spec, operator-catalogs, 3.4 and V12).
 */
export function findChannelHead(entries: readonly ChannelEntry[]): ChannelHead {
  const targets = new Set(entries.flatMap(edgesOf));
  const heads = new Set(entries.map(({ name }) => name).filter((name) => !targets.has(name)));
  const [head, ...more] = heads;
  if (head === undefined) return { kind: 'none', reason: 'no channel head found in graph' };
  if (more.length === 0) return { kind: 'head', name: head };
  const names = [...heads].sort(compareText).join(' ');
  return { kind: 'none', reason: `multiple channel heads found: [${names}]` };
}

/** What an entry replaces and skips; empty names are no edges. */
export function edgesOf({ replaces = '', skips = [] }: ChannelEntry): string[] {
  return [replaces, ...skips].filter((name) => name !== '');
}
