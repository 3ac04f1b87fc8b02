import { markdown, phrase } from './phrase.ts';
import { type PlanGroup, type PlanReport, groupsOf, headOf } from './plan-report.ts';

/** Forges refuse comments of more than 65,536 characters (GitHub); the rest is left to who posts it. */
const MAX_CHARACTERS = 60_000;
/** From more items than this on a group is folded. */
const FOLDED_FROM = 50;

/**
 * A plan as a comment on a pull request. Long groups are folded; where the whole is too long for a comment,
 * groups show their first items and a number. Names from the pull request are code spans: they mention
 * nobody and link nowhere.
 */
export function renderMarkdown(report: PlanReport): string {
  for (const most of [Number.POSITIVE_INFINITY, 20, 5]) {
    const text = renderUpTo(report, most);
    if (text.length <= MAX_CHARACTERS) return text;
  }
  return renderUpTo(report, 0);
}

function renderUpTo(report: PlanReport, most: number): string {
  const [, ...facts] = headOf(report);
  const groups = groupsOf(report);
  return [
    `### ${markdown(phrase`Plan for mirror ${report.plan.mirror} at ${report.plan.destination}`)}`,
    '',
    ...facts.map((fact) => `- ${markdown(fact)}`),
    '',
    ...(groups.length === 0 ? ['Nothing to do.', ''] : []),
    ...groups.flatMap((group) => renderGroup(group, most)),
  ].join('\n');
}

function renderGroup({ title, items }: PlanGroup, most: number): string[] {
  const shown = items.slice(0, most);
  const more = items.length - shown.length;
  const lines = shown.map(({ sign, line }) => `- \`${sign}\` ${markdown(line)}`);
  const rest = more === 0 ? [] : [`- and ${more} more; \`--output json\` has all`];
  const heading = `${title} (${items.length})`;
  const list = [...lines, ...rest, ''];
  if (items.length <= FOLDED_FROM) return [`**${heading}**`, '', ...list];
  return ['<details>', `<summary>${heading}</summary>`, '', ...list, '</details>', ''];
}
