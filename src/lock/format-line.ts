/** Values that lines of a lock are made of. */
export type LineValue = string | number | true | readonly LineValue[] | LineObject;
export interface LineObject {
  readonly [key: string]: LineValue | undefined;
}

// Printable in JSON but not in YAML, or a line break in one of the two.
const ESCAPED = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** Most texts of a large lock: they are the same in JSON. */
const NEEDS_NOTHING = /^[ !#-[\]-~]*$/;
const PLAIN = /^[A-Za-z](?:[\w./:-]*[\w/-])?$/;
const NOT_TEXT = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

/**
 * One line that JSON and YAML read alike, with `", "` and `": "` between (design.md, section 4). Fields that
 * are undefined are left out; the others keep their order. Names of fields are plain words.
 */
export function formatLine(value: LineValue): string {
  if (typeof value === 'string') return formatText(value);
  if (typeof value === 'number' || value === true) return String(value);
  if (isList(value)) return `[${value.map(formatLine).join(', ')}]`;
  let fields = '';
  for (const [key, field] of Object.entries(value)) {
    if (field === undefined) continue;
    fields += `${fields === '' ? '"' : ', "'}${key}": ${formatLine(field)}`;
  }
  return `{${fields}}`;
}

/** A value of the head: plain where YAML reads it as this text without quotes, else in quotes. */
export function formatHead(text: string): string {
  return isPlainHead(text) ? text : formatText(text);
}

/** Whether YAML reads these characters as text and as nothing else. */
export function isPlainHead(text: string): boolean {
  return PLAIN.test(text) && !NOT_TEXT.test(text);
}

function formatText(text: string): string {
  if (NEEDS_NOTHING.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(
    ESCAPED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function isList(value: readonly LineValue[] | LineObject): value is readonly LineValue[] {
  return Array.isArray(value);
}
