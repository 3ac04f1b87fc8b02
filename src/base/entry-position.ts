/** Where an entry stands: `PATH:LINE:COLUMN`, the path as in the repository or as it was given. Both count from 1. */
export interface EntryPosition {
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

/** `PATH:LINE:COLUMN`, as editors and terminals open it. */
export function formatPosition({ path, line, column }: EntryPosition): string {
  return `${path}:${line}:${column}`;
}
