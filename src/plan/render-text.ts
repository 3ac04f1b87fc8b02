import { plain } from './phrase.ts';
import type { PlanGroup, PlanItem } from './plan-group.ts';
import { type PlanReport, groupsOf, headOf } from './plan-report.ts';

/** From more items than this on a group shows the first ones and a number. */
const FOLDED_FROM = 50;
const SHOWN = 20;

/**
 * A plan for a terminal. Text that comes from a pull request cannot steer the terminal; digests and ids are
 * written in full.
 */
export function renderText(report: PlanReport): string {
  const groups = groupsOf(report);
  const head = headOf(report).map(plain);
  const body = groups.length === 0 ? ['', 'Nothing to do.'] : groups.flatMap(renderGroup);
  return [...head, ...body, ''].join('\n');
}

function renderGroup({ title, items, count = items.length, folded }: PlanGroup): string[] {
  if (folded !== undefined)
    return ['', `${title}: ${items.length} (${folded}); --output json has all`];
  return ['', `${title} (${count}):`, ...renderItems(items, '  ')];
}

function renderItems(items: readonly PlanItem[], indent: string): string[] {
  const shown = items.length > FOLDED_FROM ? items.slice(0, SHOWN) : items;
  const more = items.length - shown.length;
  return [
    ...shown.flatMap(({ sign, line, below = [] }) => [
      `${indent}${sign} ${plain(line)}`,
      ...renderItems(below, `${indent}  `),
    ]),
    ...(more === 0 ? [] : [`${indent}  and ${more} more; --output json has all`]),
  ];
}
