const LONGEST = 64;
const SHORTEST_STEM = 4;

/**
 * The candidate that the word was probably meant to be, for "did you mean": the same but for case and
 * separators, or one that begins with it, or the nearest one by edits. Undefined where none is near.
 */
export function closestWord(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > LONGEST) return undefined;
  const bare = simplify(word);
  const same = candidates.find((candidate) => simplify(candidate) === bare);
  if (same !== undefined) return same;
  const longer = candidates.find((candidate) => simplify(candidate).startsWith(bare));
  if (longer !== undefined && bare.length >= SHORTEST_STEM) return longer;
  // A third of the letters may be wrong: more finds words that have nothing to do with it.
  let nearest: string | undefined;
  let least = Math.floor(bare.length / 3) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(bare, simplify(candidate));
    if (distance < least) {
      nearest = candidate;
      least = distance;
    }
  }
  return nearest;
}

function simplify(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, '');
}

/** Levenshtein distance in which two neighbours that changed places are one edit. */
function editDistance(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const changed = left[row - 1] === right[column - 1] ? 0 : 1;
      let distance = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + changed,
      );
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (row > 1 && column > 1 && swapped) {
        distance = Math.min(distance, at(beforeLast, column - 2) + 1);
      }
      current.push(distance);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, right.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
