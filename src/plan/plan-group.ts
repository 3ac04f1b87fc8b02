import type { Phrase } from './phrase.ts';

/** Items of one sort; a group without items is not there. */
export interface PlanGroup {
  readonly title: string;
  readonly items: readonly PlanItem[];
  /** How many there are, where one item tells of several. */
  readonly count?: number;
  /** What the items are, in few words: they are details of what other groups say, and shown where there is room. */
  readonly folded?: string;
}

export interface PlanItem {
  readonly sign: '+' | '~' | '-' | '!' | '?';
  readonly line: Phrase;
  /** What belongs to it, one level deeper. */
  readonly below?: readonly PlanItem[];
}

/** Lines of a group, those of all levels. */
export function countLines(items: readonly PlanItem[]): number {
  return items.reduce((sum, { below = [] }) => sum + 1 + countLines(below), 0);
}
