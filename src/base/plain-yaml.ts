import type { FieldPath } from './field-path.ts';

/** What was read without the library, and where everything in it stands. */
export interface PlainYaml {
  /** As `convertYaml` gives it. */
  readonly value: unknown;
  /** As `YamlValue.offsetOf`. */
  offsetOf(path: FieldPath): number;
}

/** Where the entries of a mapping or list stand; names of fields are read from the text again, so they take no memory. */
interface Places {
  readonly isList: boolean;
  readonly starts: number[];
  /** Those of entries that are mappings or lists themselves; shorter where only scalars follow. */
  readonly below: (Places | undefined)[];
}

interface Read {
  readonly value: unknown;
  readonly start: number;
  readonly places: Places | undefined;
}

/** Deeper files go to the library, which has a limit of its own. */
const MAX_DEPTH = 16;
const BLANK_LINE = / *(?:#.*)?(?:\n|$)/y;
const INDENT = / */y;
const SPACES = /[ \n]*/y;
const BLOCK_KEY = /([A-Za-z][\w.-]{0,99}):(?= |\n|$)/y;
const FLOW_KEY = /(?:"([^"\\\n]{1,100})":|([A-Za-z][\w.-]{0,99}):(?=[ \n]))/y;
const SCALAR = /"([^"\\\n]*)"|'([^'\n]*)'(?!')|([A-Za-z0-9_/](?:[\w./@+-]|:(?=[\w./@+-]))*)/y;
const LINE_END = / *(?:\n|$)| +#.*(?:\n|$)/y;
const WHOLE_NUMBER = /^(?:0|[1-9]\d{0,14})$/;
/** Text that begins like a number and can be none. */
const VERSION = /^\d+\.\d+\.\d/;
/** Words that are no text in YAML 1.2, or to the reference tool. */
const WORD = /^(?:null|true|false|yes|no|on|off)$/i;
const WORDS: Readonly<Record<string, boolean>> = { true: true, false: false };

/** Something that is left to the library. */
class Unusual extends Error {}
const UNUSUAL = new Unusual();

/**
 * Reads the YAML that most image sets are written in, and JSON: mappings and lists of words, quoted text without
 * escapes, whole numbers, `true` and `false`, one document. It takes a tenth of the time and memory of the library,
 * which keeps what it finds of every character. Undefined for anything else, whether right or wrong: that is for
 * the library, which gives the same value and places for what is read here.
 */
export function readPlainYaml(text: string): PlainYaml | undefined {
  if (/[\t\r]/.test(text)) return undefined;
  try {
    const { value, start, places } = readDocument(text);
    return { value, offsetOf: (path) => offsetOf(text, start, places, path) };
  } catch (error) {
    if (error instanceof Unusual) return undefined;
    throw error;
  }
}

function readDocument(text: string): Read {
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let depth = 0;

  /** What a pattern matches here, if anything; then that is behind us. */
  function take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    at = pattern.lastIndex;
    return match;
  }

  function need(pattern: RegExp): RegExpExecArray {
    const match = take(pattern);
    if (match === undefined) throw UNUSUAL;
    return match;
  }

  /** Goes to the next line that says something, and tells how far it is indented; -1 at the end. */
  function nextLine(): number {
    while (at < text.length && take(BLANK_LINE) !== undefined);
    if (at >= text.length) return -1;
    const indent = (take(INDENT)?.[0] ?? '').length;
    at -= indent;
    return indent;
  }

  function inside<T>(read: () => T): T {
    depth += 1;
    if (depth > MAX_DEPTH) throw UNUSUAL;
    const result = read();
    depth -= 1;
    return result;
  }

  function isItem(): boolean {
    return text.startsWith('- ', at);
  }

  /** A mapping or list whose lines begin at a column; the first is at hand, its indentation behind us. */
  function readBlock(indent: number): Read {
    return inside(() => (isItem() ? readBlockList(indent) : readBlockMap(indent)));
  }

  function readBlockMap(indent: number): Read {
    const start = at;
    const value = Object.create(null) as Record<string, unknown>;
    const places: Places = { isList: false, starts: [], below: [] };
    do {
      const keyAt = at;
      const [, key = ''] = need(BLOCK_KEY);
      if (WORD.test(key) || key in value) throw UNUSUAL;
      const read = readBlockValue(indent);
      value[key] = read.value;
      note(places, keyAt, read.places);
    } while (isNextAt(indent));
    return { value, start, places };
  }

  /** The value behind `key:`, and all lines that belong to it. */
  function readBlockValue(indent: number): Read {
    if (take(LINE_END) === undefined) {
      need(INDENT);
      return readInLine();
    }
    const next = nextLine();
    const start = at;
    // A list may begin at the column of the field that it belongs to.
    const isBelow = next > indent || (next === indent && text.startsWith('- ', at + next));
    if (!isBelow) return { value: null, start, places: undefined };
    at += next;
    return readBlock(next);
  }

  function readBlockList(indent: number): Read {
    const start = at;
    const value: unknown[] = [];
    const places: Places = { isList: true, starts: [], below: [] };
    do {
      if (!isItem()) {
        // The next field of the mapping that the list is in, at the same column.
        at -= indent;
        break;
      }
      const dash = at;
      at += 1;
      need(INDENT);
      const column = indent + at - dash;
      const isMap = lookAhead(BLOCK_KEY);
      if (isItem()) throw UNUSUAL;
      const read = isMap ? readBlock(column) : readInLine();
      value.push(read.value);
      note(places, read.start, read.places);
    } while (isNextAt(indent));
    return { value, start, places };
  }

  /** Whether the next line is one of a mapping or list at a column; then its indentation is behind us. */
  function isNextAt(indent: number): boolean {
    const next = nextLine();
    // More belongs to a text of several lines, or to nothing.
    if (next > indent) throw UNUSUAL;
    if (next < indent) return false;
    at += next;
    return true;
  }

  function lookAhead(pattern: RegExp): boolean {
    pattern.lastIndex = at;
    return pattern.test(text);
  }

  /** A scalar, or what stands in brackets, up to the end of its line. */
  function readInLine(): Read {
    const start = at;
    const read = readFlow();
    // What stands in brackets would have to be indented from line to line.
    if (read.places !== undefined && text.slice(start, at).includes('\n')) throw UNUSUAL;
    need(LINE_END);
    return read;
  }

  function readFlow(): Read {
    const start = at;
    const opening = text[at];
    if (opening === '{') return inside(() => readFlowMap());
    if (opening === '[') return inside(() => readFlowList());
    return { value: scalarOf(need(SCALAR)), start, places: undefined };
  }

  function readFlowMap(): Read {
    const start = at;
    const value = Object.create(null) as Record<string, unknown>;
    const places: Places = { isList: false, starts: [], below: [] };
    readItems('}', () => {
      const keyAt = at;
      const [, quoted, bare = ''] = need(FLOW_KEY);
      const key = quoted ?? bare;
      if (WORD.test(key) || key in value || key === '<<') throw UNUSUAL;
      need(SPACES);
      const read = readFlow();
      value[key] = read.value;
      note(places, keyAt, read.places);
    });
    return { value, start, places };
  }

  function readFlowList(): Read {
    const start = at;
    const value: unknown[] = [];
    const places: Places = { isList: true, starts: [], below: [] };
    readItems(']', () => {
      const read = readFlow();
      value.push(read.value);
      note(places, read.start, read.places);
    });
    return { value, start, places };
  }

  /** From an opening bracket behind its closing one, calling for each item that stands between. */
  function readItems(closing: string, readItem: () => void): void {
    at += 1;
    need(SPACES);
    if (text[at] === closing) {
      at += 1;
      return;
    }
    for (;;) {
      readItem();
      need(SPACES);
      const mark = text[at];
      at += 1;
      if (mark === closing) return;
      if (mark !== ',') throw UNUSUAL;
      need(SPACES);
    }
  }

  if (text.startsWith('---\n', at)) at += 4;
  if (nextLine() !== 0) throw UNUSUAL;
  const isFlow = text[at] === '{' || text[at] === '[';
  const root = isFlow ? readFlow() : readBlock(0);
  if (isFlow) need(LINE_END);
  if (nextLine() !== -1) throw UNUSUAL;
  return root;
}

function note(places: Places, start: number, below: Places | undefined): void {
  // What holds nothing has no places to tell.
  if (below !== undefined && below.starts.length > 0) places.below[places.starts.length] = below;
  places.starts.push(start);
}

function scalarOf([, double, single, bare]: RegExpExecArray): unknown {
  const quoted = double ?? single;
  if (quoted !== undefined) return quoted;
  const word = bare ?? '';
  if (WORD.test(word)) {
    const known = WORDS[word];
    if (known === undefined) throw UNUSUAL;
    return known;
  }
  if (!/^\d/.test(word)) return word;
  if (WHOLE_NUMBER.test(word)) return Number(word);
  if (!VERSION.test(word)) throw UNUSUAL;
  return word;
}

function offsetOf(
  text: string,
  root: number,
  rootPlaces: Places | undefined,
  path: FieldPath,
): number {
  let offset = root;
  let places = rootPlaces;
  for (const step of path) {
    if (places?.isList !== (typeof step === 'number')) return offset;
    const index =
      typeof step === 'number'
        ? step
        : places.starts.findIndex((start) => isKeyAt(text, start, step));
    const start = places.starts[index];
    if (start === undefined) return offset;
    offset = start;
    places = places.below[index];
  }
  return offset;
}

/** Whether a field has that name, where one is known to stand. */
function isKeyAt(text: string, offset: number, name: string): boolean {
  const isQuoted = text[offset] === '"';
  const start = isQuoted ? offset + 1 : offset;
  return text.startsWith(isQuoted ? `${name}"` : `${name}:`, start);
}
