import { ControllerError } from '../base/controller-error.ts';

const MAX_CAUSES = 10;

export interface ReportOptions {
  /** Show what caused the error too: `--log-level debug`. */
  readonly withCauses: boolean;
}

/**
 * An error for people, lines that end with a line break. A ControllerError says what happened and what to do;
 * anything else is a defect of ours and shows its stack.
 */
export function reportError(error: unknown, { withCauses }: ReportOptions): string {
  if (!(error instanceof ControllerError)) return reportDefect(error);
  const lines = [`error: ${error.message}`];
  if (error.hint !== undefined) lines.push(`hint: ${error.hint}`);
  if (withCauses) lines.push(...causesOf(error).map((cause) => `cause: ${describe(cause)}`));
  return `${lines.join('\n')}\n`;
}

function reportDefect(error: unknown): string {
  const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const causes = causesOf(error).map((cause) => `cause: ${describe(cause)}\n`);
  return `defect: ${shown}\n${causes.join('')}This is an error in imageset itself: please report it with the lines above.\n`;
}

/** The chain of causes; bounded, since a chain may lead back to itself. */
function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = [];
  let next = error instanceof Error ? error.cause : undefined;
  while (next !== undefined && causes.length < MAX_CAUSES) {
    causes.push(next);
    next = next instanceof Error ? next.cause : undefined;
  }
  return causes;
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.message === '' ? cause.name : cause.message;
}
