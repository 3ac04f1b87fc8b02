import { Composer, type Document, LineCounter, type ScalarTag } from 'yaml';
import type { EntryPosition } from './entry-position.ts';
import { type FieldPath, formatField } from './field-path.ts';
import type { FieldProblem } from './field-problem.ts';
import { formatBytes } from './format-bytes.ts';
import { convertYaml } from './yaml-value.ts';
import { TooDeep, yamlTokens } from './yaml-tokens.ts';

/** Bounds of a YAML file from outside; far above what people write, far below what hurts. */
export const YAML_LIMITS = {
  bytes: 1024 * 1024,
  documents: 1000,
  depth: 64,
  /** Values of a document, those that aliases repeat counted each time. */
  values: 250_000,
} as const;

/** One document of a YAML (or JSON) file, with the place of everything in it. */
export interface YamlDocument {
  /** Plain data: null-prototype objects, arrays, strings, numbers, booleans, null. */
  readonly value: unknown;
  /** What is wrong though the text can be read: fields given twice, merge keys, unknown aliases. */
  readonly problems: readonly FieldProblem[];
  /** The value is not whole, as one of the problems says: what else is wrong with it may be for that reason. */
  readonly isCut: boolean;
  /** Where the field's name stands, or the list item; of what is not there, the nearest around it. */
  positionOf(field: FieldPath): EntryPosition;
  /** A scalar as it is written, e.g. `4.20`; undefined for anything else. */
  sourceOf(field: FieldPath): string | undefined;
}

export interface YamlFile {
  /** The documents whose syntax is right, in order; empty ones have the value null. */
  readonly documents: readonly YamlDocument[];
  /** What keeps the rest from being read: one problem for each broken document. */
  readonly problems: readonly FieldProblem[];
}

/** `yes`, `no`, `on` and `off` are booleans to the reference tool (spec, config-and-outputs, 1.1), so they are here. */
const YES_OR_NO: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/,
  resolve: (text) => /^(?:yes|on)$/i.test(text),
};

/** Reads a YAML 1.2 or JSON file of any origin, within `YAML_LIMITS`. Never throws: what is wrong is returned. */
export function readYaml(path: string, text: string): YamlFile {
  const lines = new LineCounter();
  const positionAt = (offset: number): EntryPosition => {
    const { line, col } = lines.linePos(offset);
    return { path, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const whole = (message: string, hint: string): YamlFile => ({
    documents: [],
    problems: [{ position: { path, line: 1, column: 1 }, field: '', message, hint }],
  });

  const bytes = Buffer.byteLength(text);
  if (bytes > YAML_LIMITS.bytes) return { documents: [], problems: [fileTooLarge(path)] };
  const unreadable = foreignCharacter(path, text) ?? conflictMarker(path, text);
  if (unreadable !== undefined) return { documents: [], problems: [unreadable] };

  const documents: YamlDocument[] = [];
  const problems: FieldProblem[] = [];
  // Duplicate keys are found in conversion: the library compares each key with every other.
  const composer = new Composer({
    version: '1.2',
    customTags: (tags) => [YES_OR_NO, ...tags],
    merge: false,
    uniqueKeys: false,
    stringKeys: true,
    prettyErrors: false,
    logLevel: 'silent',
  });
  try {
    for (const document of composer.compose(yamlTokens(text, YAML_LIMITS.depth, lines))) {
      if (documents.length + problems.length >= YAML_LIMITS.documents) {
        return whole(`the file has more than ${YAML_LIMITS.documents} documents`, 'Split it.');
      }
      const error = syntaxError(document, positionAt);
      if (error === undefined) documents.push(locate(document, positionAt));
      else problems.push(error);
    }
  } catch (error) {
    if (!(error instanceof TooDeep)) throw error;
    const message = `more than ${YAML_LIMITS.depth} levels are nested here`;
    const hint = 'No file of ours needs that many; look for a bracket that is not closed.';
    problems.push({ position: positionAt(error.offset), field: '', message, hint });
  }
  return { documents, problems };
}

/** The problem of a file with more than `YAML_LIMITS.bytes`, for those who know its size before they read it. */
export function fileTooLarge(path: string): FieldProblem {
  return {
    position: { path, line: 1, column: 1 },
    field: '',
    message: `the file is larger than ${formatBytes(YAML_LIMITS.bytes)}`,
    hint: 'Split it into several files; move it out of the folder if it is no image set.',
  };
}

function locate(
  document: Document.Parsed,
  positionAt: (offset: number) => EntryPosition,
): YamlDocument {
  const converted = convertYaml(document, YAML_LIMITS);
  return {
    value: converted.value,
    isCut: converted.isCut,
    problems: converted.faults.map(({ path, offset, message, hint }) => ({
      position: positionAt(offset),
      field: formatField(path),
      message,
      hint,
    })),
    positionOf: (field) => positionAt(converted.offsetOf(field)),
    sourceOf: (field) => converted.sourceOf(field),
  };
}

/** The first error alone: those behind it mostly follow from it. */
function syntaxError(
  document: Document.Parsed,
  positionAt: (offset: number) => EntryPosition,
): FieldProblem | undefined {
  const [error] = document.errors;
  if (error === undefined) return undefined;
  const problem = { position: positionAt(error.pos[0]), field: '' };
  if (error.code === 'TAB_AS_INDENT') {
    return {
      ...problem,
      message: 'a tab indents this line, and YAML allows only spaces',
      hint: 'Replace the tab with spaces.',
    };
  }
  if (error.code === 'NON_STRING_KEY') {
    return {
      ...problem,
      message: 'a list or mapping stands where the name of a field should be',
      hint: 'Put quotes around text that begins with "{" or "["; render templates first.',
    };
  }
  const reason = error.message.slice(0, 300);
  return {
    ...problem,
    message: `this is not valid YAML: ${reason.charAt(0).toLowerCase()}${reason.slice(1)}`,
    hint: 'Look at this line and the one before it: indentation, quotes, brackets, colons.',
  };
}

/** Bytes that were no UTF-8 were decoded as U+FFFD; UTF-16 shows as NUL. */
function foreignCharacter(path: string, text: string): FieldProblem | undefined {
  // A mark at the very start is what some editors write.
  const first = text.search(/[\0\uFFFD]|(?<!^)\uFEFF/);
  if (first < 0) return undefined;
  const before = text.slice(0, first);
  const line = before.split('\n').length;
  const column = first - before.lastIndexOf('\n');
  const isMark = text[first] === '\uFEFF';
  return {
    position: { path, line, column },
    field: '',
    message: isMark ? 'a byte order mark stands inside the text' : 'the file is not UTF-8 text',
    hint: isMark ? 'Remove it.' : 'Save it as UTF-8.',
  };
}

/** What Git leaves of a merge that nobody finished. Source: git-merge(1), "How conflicts are presented". */
function conflictMarker(path: string, text: string): FieldProblem | undefined {
  const first = text.search(/^<{7} /m);
  if (first < 0 || !/^={7}$/m.test(text) || !/^>{7} /m.test(text)) return undefined;
  return {
    position: { path, line: text.slice(0, first).split('\n').length, column: 1 },
    field: '',
    message: 'a merge conflict was left unresolved here',
    hint: 'Keep one of the two versions, and remove the lines <<<<<<<, ======= and >>>>>>>.',
  };
}
