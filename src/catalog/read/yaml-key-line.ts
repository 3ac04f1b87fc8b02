import type { KeyValue } from './document-keys.ts';

/** A line in column 0 that is a key of a block mapping, perhaps with its value. */
export interface KeyLine {
  readonly key: string;
  /** Absent: what the value is cannot be told from the line. */
  readonly value?: KeyValue;
  /** The value may go on in lines that look like others: a quoted text or a flow collection that is not closed. */
  readonly isOpen: boolean;
}

const KEY = /^(?:"([^"\\]*)"|'([^']*)'|([A-Za-z_][\w./-]*))[ \t]*:(?:[ \t]+(.*))?$/s;
const QUOTED = /^(?:"([^"\\]*)"|'([^']*)')(?:[ \t]+#.*)?[ \t]*$/s;
const PLAIN = /^([A-Za-z0-9][\w./+-]*)(?:[ \t]+#.*)?[ \t]*$/s;
/** Plain words that are no text in YAML 1.1 or 1.2. */
const KEYWORD = /^(?:true|false|null|yes|no|on|off|y|n|nan|inf|infinity)$/i;
/** What starts with a letter is no number, nor is what has a letter that no notation of numbers has. */
const NO_NUMBER = /^[A-Za-z]|[g-nq-wyzG-NQ-WYZ]/;

/** Reads a line as `key: value`; undefined where it may be something else. `isWhole`: the line is not cut off. */
export function readKeyLine(line: string, isWhole: boolean): KeyLine | undefined {
  const match = KEY.exec(line);
  if (match === null) return undefined;
  const key = match[1] ?? match[2] ?? match[3] ?? '';
  const rest = (match[4] ?? '').trimStart();
  const isOpen = opensMore(rest, isWhole);
  const text = isWhole ? textOf(rest) : undefined;
  return text === undefined ? { key, isOpen } : { key, value: { kind: 'text', text }, isOpen };
}

/** The text of a value, if it is one without any doubt. */
function textOf(rest: string): string | undefined {
  const quoted = QUOTED.exec(rest);
  if (quoted !== null) return quoted[1] ?? quoted[2];
  const plain = PLAIN.exec(rest)?.[1];
  if (plain === undefined || KEYWORD.test(plain) || !NO_NUMBER.test(plain)) return undefined;
  return plain;
}

function opensMore(rest: string, isWhole: boolean): boolean {
  const closing = { '"': '"', "'": "'", '{': '}', '[': ']' }[rest.charAt(0)];
  if (closing === undefined)
    return /^[&!*?|>]/.test(rest) && !/^[|>][0-9+-]*(?:[ \t]+#.*)?[ \t]*$/.test(rest);
  const end = rest.trimEnd();
  return !isWhole || end.length < 2 || !end.endsWith(closing);
}
