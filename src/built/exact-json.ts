import { ControllerError, type ErrorCode } from '../base/controller-error.ts';

/**
 * JSON that keeps what it was read from: numbers digit by digit, strings with their escapes, fields in their
 * order and those that nobody knows. `JSON.parse` and back would turn 12345678901234567890 and 1.0 into others.
 */
export type ExactJson =
  /** A string, number, `true`, `false` or `null`, as it is written. */
  | { readonly kind: 'scalar'; readonly text: string }
  | { readonly kind: 'array'; readonly items: readonly ExactJson[] }
  | { readonly kind: 'object'; readonly members: readonly ExactMember[] };

export interface ExactMember {
  /** As it is written, with its quotes. */
  readonly keyText: string;
  readonly key: string;
  readonly value: ExactJson;
}

/** Deeper than any catalog, shallow enough for the stack. */
const MOST_LEVELS = 1000;
const BLANKS = /[ \t\n\r]*/y;
/** In steps, since one pattern for a whole string would need memory for each of its characters. */
const PLAIN_CHARACTERS = /[^"\\\p{Cc}]{1,1000}|[\u007f-\u009f]/uy;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const OTHER_SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

/**
 * Reads one JSON value. `where` names it in errors.
 * @throws ControllerError with the code
 */
export function parseExactJson(
  text: string,
  where: string,
  code: ErrorCode = 'MANIFEST_INVALID',
): ExactJson {
  let at = 0;

  function match(pattern: RegExp): string | undefined {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  }

  function accept(character: string): boolean {
    match(BLANKS);
    if (text[at] !== character) return false;
    at += 1;
    return true;
  }

  function fail(): ControllerError {
    return new ControllerError(code, `${where} is no valid JSON at offset ${at}`, {
      remedy: 'wait-for-change',
      hint: 'Ask whoever makes it to correct it.',
    });
  }

  /** With its quotes. */
  function readString(): string {
    const start = at;
    if (!accept('"')) throw fail();
    while (match(PLAIN_CHARACTERS) !== undefined || match(ESCAPE) !== undefined);
    if (text[at] !== '"') throw fail();
    at += 1;
    return text.slice(start, at).trimStart();
  }

  /** What is between a bracket that was read and its counterpart. */
  function readList<T>(end: string, readOne: () => T): T[] {
    const list: T[] = [];
    if (accept(end)) return list;
    do list.push(readOne());
    while (accept(','));
    if (!accept(end)) throw fail();
    return list;
  }

  function readValue(level: number): ExactJson {
    if (level > MOST_LEVELS) throw fail();
    if (accept('{')) {
      const members = readList('}', () => {
        const keyText = readString();
        if (!accept(':')) throw fail();
        return { keyText, key: JSON.parse(keyText) as string, value: readValue(level + 1) };
      });
      return { kind: 'object', members };
    }
    if (accept('[')) return { kind: 'array', items: readList(']', () => readValue(level + 1)) };
    // Blanks before it were skipped by looking for brackets.
    const scalar = text[at] === '"' ? readString() : match(OTHER_SCALAR);
    if (scalar === undefined) throw fail();
    return { kind: 'scalar', text: scalar };
  }

  const value = readValue(0);
  match(BLANKS);
  if (at !== text.length) throw fail();
  return value;
}

/** Plain data as ExactJson. */
export function exactJson(value: unknown): ExactJson {
  return parseExactJson(JSON.stringify(value), 'a value');
}

/** The value as plain data: for looking, since large numbers lose digits. */
export function plainValue(json: ExactJson): unknown {
  return JSON.parse(formatExactJson(json));
}

/** Without blanks, or with so many for each level and a line for each field. No newline at the end. */
export function formatExactJson(json: ExactJson, indent = 0): string {
  function format(value: ExactJson, level: number): string {
    switch (value.kind) {
      case 'scalar':
        return value.text;
      case 'array': {
        const items = value.items.map((item) => format(item, level + 1));
        return enclose('[', items, ']', level);
      }
      case 'object': {
        const colon = indent === 0 ? ':' : ': ';
        const members = value.members.map(
          (member) => `${member.keyText}${colon}${format(member.value, level + 1)}`,
        );
        return enclose('{', members, '}', level);
      }
      default:
        return value satisfies never;
    }
  }

  function enclose(start: string, parts: readonly string[], end: string, level: number): string {
    if (indent === 0 || parts.length === 0) return `${start}${parts.join(',')}${end}`;
    const inner = `\n${' '.repeat(indent * (level + 1))}`;
    return `${start}${inner}${parts.join(`,${inner}`)}\n${' '.repeat(indent * level)}${end}`;
  }

  return format(json, 0);
}

/**
 * The value of a field. Names are compared as those who read catalogs and image configs do (Go's
 * encoding/json): without case, and of several the last counts.
 */
export function fieldOf(json: ExactJson | undefined, name: string): ExactJson | undefined {
  if (json?.kind !== 'object') return undefined;
  return json.members.findLast(({ key }) => isSameName(key, name))?.value;
}

/** The object with the field set, at its place where it has it, else at the end; `undefined` removes it. */
export function withField(
  json: ExactJson | undefined,
  name: string,
  value: ExactJson | undefined,
): ExactJson {
  const members = json?.kind === 'object' ? json.members : [];
  const index = members.findIndex(({ key }) => isSameName(key, name));
  const others = members.filter(({ key }) => !isSameName(key, name));
  if (value === undefined) return { kind: 'object', members: others };
  const at = index < 0 ? others.length : index;
  const keyText = members[index]?.keyText ?? JSON.stringify(name);
  return { kind: 'object', members: others.toSpliced(at, 0, { keyText, key: name, value }) };
}

/** The items of a field that is an array; none where it is not. */
export function itemsOf(json: ExactJson | undefined, name: string): readonly ExactJson[] {
  const field = fieldOf(json, name);
  return field?.kind === 'array' ? field.items : [];
}

/** The text of a field that is a string; '' where it is not. */
export function textOf(json: ExactJson | undefined, name: string): string {
  const field = fieldOf(json, name);
  return field?.kind === 'scalar' && field.text.startsWith('"')
    ? (JSON.parse(field.text) as string)
    : '';
}

function isSameName(key: string, name: string): boolean {
  return key === name || key.toLowerCase() === name.toLowerCase();
}
