import { compareText } from './compare-text.ts';
import { type EntryPosition, formatPosition } from './entry-position.ts';

/** Something wrong in a file that people write, where it stands and what to do about it. */
export interface FieldProblem {
  readonly position: EntryPosition;
  /** The path in the document, e.g. `mirror.additionalImages[3].targetRepo`; '' for the file. */
  readonly field: string;
  readonly message: string;
  readonly hint?: string;
}

/** More than this many are counted, not shown. */
export const SHOWN_PROBLEMS = 100;

/** One line: `PATH:LINE:COLUMN: FIELD: message (hint)`. */
export function formatProblem({ position, field, message, hint }: FieldProblem): string {
  const where = field === '' ? formatPosition(position) : `${formatPosition(position)}: ${field}`;
  return printable(hint === undefined ? `${where}: ${message}` : `${where}: ${message} (${hint})`);
}

/** Text of a file may hold line breaks and terminal sequences; none of them gets out. */
function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** A line per problem, at most `SHOWN_PROBLEMS` of them and then `and N more`. */
export function formatProblems(problems: readonly FieldProblem[]): string {
  const lines = problems.slice(0, SHOWN_PROBLEMS).map(formatProblem);
  const rest = problems.length - lines.length;
  return (rest > 0 ? [...lines, `and ${rest} more`] : lines).join('\n');
}

/** The order people read in: by file, then from top to bottom. */
export function compareProblems(left: FieldProblem, right: FieldProblem): number {
  return (
    compareText(left.position.path, right.position.path) ||
    left.position.line - right.position.line ||
    left.position.column - right.position.column ||
    compareText(left.field, right.field)
  );
}
