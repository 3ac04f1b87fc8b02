import { compareText } from '../../base/compare-text.ts';
import { writeFile } from 'node:fs/promises';
import type { ContentType } from '../../imageset/problem.ts';
import type { MirrorLog } from './mirror-log.ts';
import type { Workspace } from './workspace.ts';

/** How many images of a content type were wanted, and how many are there. */
export interface CategoryResult {
  readonly content: ContentType;
  readonly total: number;
  readonly mirrored: number;
}

/** An image that is not there. */
export interface ImageFailure {
  readonly content: ContentType;
  /** As the image set names it. */
  readonly origin: string;
  readonly reason: string;
  /** Of an operator image: the bundles and packages that need it. */
  readonly neededBy?: readonly { readonly package: string; readonly bundle: string }[];
}

/** Exit bits by content type (spec, transfer-engine, 4.8). */
const EXIT_BIT: Readonly<Record<ContentType, number>> = {
  release: 2,
  operator: 4,
  additional: 8,
  helm: 16,
};
const ORDER: readonly ContentType[] = ['release', 'operator', 'additional', 'helm'];
const GREEN_TICK = '\u001B[1;92m ✓ \u001B[0m';
const RED_CROSS = '\u001B[1;91m ✗ \u001B[0m';

/** The exit code of failures of these content types; 0 where there are none. */
export function exitCodeOf(contents: Iterable<ContentType>): number {
  let code = 0;
  for (const content of contents) code |= EXIT_BIT[content];
  return code;
}

/** The block `=== Results ===`, a line for each content type that has images (spec, transfer-engine, 4.6). */
export function resultLines(results: readonly CategoryResult[]): string[] {
  const lines = ORDER.flatMap((content) => results.filter((result) => result.content === content))
    .filter(({ total }) => total > 0)
    .map(({ content, total, mirrored }) =>
      mirrored === total
        ? `${GREEN_TICK} ${mirrored} / ${total} ${content} images mirrored successfully`
        : `${RED_CROSS} ${mirrored} / ${total} ${content} images mirrored: Some ${content} images failed to be mirrored - please check the logs`,
    );
  return ['=== Results ===', ...lines];
}

/**
 * Logs every failure and writes `mirroring_errors_<stamp>.txt` (spec, transfer-engine, 4.7).
 * @returns the text of the command's error.
 */
export async function reportFailures(
  failures: readonly ImageFailure[],
  {
    log,
    workspace,
    stamp,
  }: { readonly log: MirrorLog; readonly workspace: Workspace; readonly stamp: string },
): Promise<string> {
  const lines = failures.map(
    ({ origin, reason, neededBy }) =>
      `error mirroring image ${origin} ${needText(neededBy)}error: ${reason}`,
  );
  for (const line of lines) log.error(`[Worker] ${line}`);
  const name = `mirroring_errors_${stamp}.txt`;
  const shown = workspace.shown('logs', name);
  try {
    await writeFile(workspace.path('logs', name), lines.map((line) => `${line}\n`).join(''));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `[Worker] some errors occurred during the mirroring - unable to log these errors in ${shown}: ${reason}`;
  }
  return [
    '[Worker] some errors occurred during the mirroring.',
    `\t Please review ${shown} for a list of mirroring errors.`,
    '\t You may consider:',
    '\t * removing images or operators that cause the error from the image set config, and retrying',
    '\t * keeping the image set config (images are mandatory for you), and retrying',
    '\t * mirroring the failing images manually, if retries also fail.',
  ].join('\n');
}

/** `(Operator bundles: [b1 b2] - Operators: [p1]) ` (spec, transfer-engine, 4.7). */
function needText(neededBy: ImageFailure['neededBy'] = []): string {
  if (neededBy.length === 0) return '';
  const list = (names: readonly string[]): string =>
    `[${[...new Set(names)].sort(compareText).join(' ')}]`;
  const bundles = list(neededBy.map(({ bundle }) => bundle));
  return `(Operator bundles: ${bundles} - Operators: ${list(neededBy.map((one) => one.package))}) `;
}
