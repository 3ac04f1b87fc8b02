const GAP = 2;

/**
 * Rows as lines: every cell but a row's last is padded to the widest of its column and two more (spec,
 * config-and-outputs, 8.8). Cells are text from outside, so what would move a terminal's cursor is shown as `?`.
 */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const shown = rows.map((row) => row.map(printable));
  const widths: number[] = [];
  for (const row of shown) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell) + GAP);
    }
  }
  return shown.map((row) => `${row.map((cell, at) => pad(cell, at, row)).join('')}\n`).join('');

  function pad(cell: string, column: number, row: readonly string[]): string {
    const isLast = column === row.length - 1;
    return isLast ? cell : cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell));
  }
}

/** In characters, as people count them, or nearly so. */
function widthOf(text: string): number {
  return Array.from(text).length;
}

function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?');
}
