import { markdown, phrase } from './phrase.ts';
import { type PlanGroup, type PlanItem, countLines } from './plan-group.ts';
import { type PlanReport, groupsOf, headOf } from './plan-report.ts';

/** Forges refuse comments of more than 65,536 characters (GitHub); the rest is left to who posts it. */
const MAX_CHARACTERS = 60_000;
/** From more lines than this on a group is folded. */
const FOLDED_FROM = 50;
/** How much is shown, of what is folded as detail and of the rest, until it fits a comment. */
const ALL = Number.POSITIVE_INFINITY;
const ROOM: readonly (readonly [most: number, mostOfDetails: number])[] = [
  [ALL, ALL],
  [ALL, 20],
  [20, 20],
  [5, 5],
];

/**
 * A plan as a comment on a pull request. Long groups are folded; where the whole is too long for a comment,
 * groups show their first items and a number. Names from the pull request are code spans: they mention
 * nobody and link nowhere.
 */
export function renderMarkdown(report: PlanReport): string {
  const groups = groupsOf(report);
  const hasDetails = groups.some(({ folded }) => folded !== undefined);
  for (const [most, mostOfDetails] of ROOM) {
    if (!hasDetails && most !== mostOfDetails) continue;
    const text = renderUpTo(report, groups, most, mostOfDetails);
    if (text.length <= MAX_CHARACTERS) return text;
  }
  return renderUpTo(report, groups, 0, 0);
}

function renderUpTo(
  report: PlanReport,
  groups: readonly PlanGroup[],
  most: number,
  mostOfDetails: number,
): string {
  const [, ...facts] = headOf(report);
  return [
    `### ${markdown(phrase`Plan for mirror ${report.plan.mirror} at ${report.plan.destination}`)}`,
    '',
    ...facts.map((fact) => `- ${markdown(fact)}`),
    '',
    ...(groups.length === 0 ? ['Nothing to do.', ''] : []),
    ...groups.flatMap((group) =>
      renderGroup(group, group.folded === undefined ? most : mostOfDetails),
    ),
  ].join('\n');
}

function renderGroup(
  { title, items, count = items.length, folded }: PlanGroup,
  most: number,
): string[] {
  const heading = `${title} (${folded === undefined ? '' : `${items.length}: `}${folded ?? count})`;
  const list = [...renderItems(items, most, ''), ''];
  if (folded === undefined && countLines(items) <= FOLDED_FROM)
    return [`**${heading}**`, '', ...list];
  return ['<details>', `<summary>${heading}</summary>`, '', ...list, '</details>', ''];
}

function renderItems(items: readonly PlanItem[], most: number, indent: string): string[] {
  const shown = items.slice(0, most);
  const more = items.length - shown.length;
  return [
    ...shown.flatMap(({ sign, line, below = [] }) => [
      `${indent}- \`${sign}\` ${markdown(line)}`,
      ...renderItems(below, most, `${indent}  `),
    ]),
    ...(more === 0 ? [] : [`${indent}- and ${more} more; \`--output json\` has all`]),
  ];
}
