/**
 * A line for people, in parts: our own words, and text that comes from a pull request, a registry or a Git
 * repository. What is foreign is made safe by whoever writes the line (`plain`, `markdown`).
 */
export type Phrase = readonly (string | Foreign)[];

/** Text that is not ours. */
export interface Foreign {
  readonly foreign: string;
}

/** Longer names are cut: a name of any length must not hide what follows it. */
const MAX_CHARACTERS = 400;

/**
 * Template tag. Texts put into it are foreign; numbers and phrases are not.
 * `` phrase`${count} images from ${reference}` ``
 */
export function phrase(
  words: TemplateStringsArray,
  ...values: readonly (string | number | Phrase)[]
): Phrase {
  const parts: (string | Foreign)[] = [];
  for (const [index, word] of words.entries()) {
    if (word !== '') parts.push(word);
    const value = values[index];
    if (typeof value === 'string') parts.push({ foreign: value });
    else if (typeof value === 'number') parts.push(String(value));
    else if (value !== undefined) parts.push(...value);
  }
  return parts;
}

/** Phrases with commas between; of more than `most` the first ones and a number. */
export function listed(phrases: readonly Phrase[], most = 3): Phrase {
  const shown = phrases.length > most + 1 ? phrases.slice(0, most) : phrases;
  const more = phrases.length - shown.length;
  const parts = shown.flatMap((one, index) => (index === 0 ? one : [', ', ...one]));
  return more === 0 ? parts : [...parts, ` and ${more} more`];
}

/** Numbers that are not 0, each with its word, e.g. `1 new, 2 gone`. */
export function counted(counts: readonly (readonly [count: number, word: string])[]): string {
  return counts.flatMap(([count, word]) => (count === 0 ? [] : [`${count} ${word}`])).join(', ');
}

/** For a terminal. */
export function plain(line: Phrase): string {
  return line.map((part) => (typeof part === 'string' ? part : visible(part.foreign))).join('');
}

/** For Markdown: foreign text is a code span, in which no markup, HTML, link or mention counts. */
export function markdown(line: Phrase): string {
  return line.map((part) => (typeof part === 'string' ? part : codeSpan(part.foreign))).join('');
}

/** On one line, without characters that steer a terminal or turn the direction of text around. */
function visible(text: string): string {
  const cut = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
  return cut.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

function codeSpan(text: string): string {
  const shown = visible(text);
  if (shown.trim() === '') return '`(blank)`';
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  // Between a fence and a backtick of the text CommonMark wants a space, which it takes away.
  const pad = /^`|`$|^ .* $/.test(shown) ? ' ' : '';
  return `${fence}${pad}${shown}${pad}${fence}`;
}
