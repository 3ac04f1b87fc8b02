import { formatProblems } from '../../base/field-problem.ts';
import { formatBytes } from '../../base/format-bytes.ts';
import { describeTally } from '../../plan/catalog-tallies.ts';
import { describeReleaseTally } from '../../plan/release-tallies.ts';
import type { MirrorReport, PassReport } from '../../reconcile/pass-report.ts';
import { reportError } from '../report-error.ts';
import { formatFailures } from './format-failures.ts';
import { formatHeld } from './format-held.ts';

const SHOWN_LINES = 50;

/** What a pass did, for people: one line a mirror, then what needs their attention. */
export function formatReport({ mirrors, errors }: PassReport): string {
  const texts = [
    ...mirrors.map(formatMirror),
    ...errors.map(
      ({ mirror, error }) =>
        `${mirror}: failed\n${indent(reportError(error, { withCauses: false }))}`,
    ),
  ];
  return texts.map((text) => `${text.trimEnd()}\n`).join('');
}

/** The same for machines. */
export function reportToJson({ mirrors, errors }: PassReport): string {
  const value = {
    mirrors: mirrors.map(({ error, failures, settled, ...mirror }) => ({
      ...mirror,
      ...(error === undefined ? {} : { error: errorFields(error) }),
      failures: failures.map((failure) => ({ ...failure, error: errorFields(failure.error) })),
    })),
    errors: errors.map(({ mirror, error }) => ({ mirror, error: errorFields(error) })),
  };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function formatMirror(report: MirrorReport): string {
  const lines = [`${report.mirror}: ${report.state}${summary(report)}`];
  lines.push(...listed(report.releases, describeReleaseTally));
  lines.push(...listed(report.catalogs, describeTally));
  if (report.problems.length > 0) lines.push(indent(formatProblems(report.problems)));
  if (report.error !== undefined)
    lines.push(indent(reportError(report.error, { withCauses: false })));
  lines.push(...formatFailures(report.failures).map((line) => `  ${line}`));
  lines.push(...formatHeld(report.held).map((line) => `  ${line}`));
  lines.push(...listed(report.warnings, (warning) => `warning: ${warning}`));
  return lines.join('\n');
}

function summary({
  state,
  images,
  bytesSent,
  deleted,
  commits,
  sourceCommit,
}: MirrorReport): string {
  const at = ` at ${sourceCommit.slice(0, 12)}`;
  if (state === 'Stalled') return `${at}: nothing was changed`;
  const counts = [
    `${images.added} added`,
    `${images.gone} gone`,
    ...(deleted > 0 ? [`${deleted} deleted at the registry`] : []),
    `${images.total} in total`,
    `${formatBytes(bytesSent)} sent`,
  ];
  const published =
    commits.length === 0
      ? ''
      : `; published ${commits.map((commit) => commit.slice(0, 12)).join(', ')}`;
  return `${at}: ${counts.join(', ')}${published}`;
}

function listed<T>(items: readonly T[], format: (item: T) => string): string[] {
  const lines = items.slice(0, SHOWN_LINES).map((item) => `  ${format(item)}`);
  const rest = items.length - lines.length;
  return rest > 0 ? [...lines, `  and ${rest} more`] : lines;
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}

function errorFields(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message } = error;
  const fields = error as Error & { readonly code?: unknown; readonly hint?: unknown };
  return { code: fields.code, message, hint: fields.hint };
}
