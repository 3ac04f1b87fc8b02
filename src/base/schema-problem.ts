import { z } from 'zod';
import { closestWord } from './closest-word.ts';
import { type FieldPath, formatField } from './field-path.ts';
import type { FieldProblem } from './field-problem.ts';
import type { YamlDocument } from './yaml-document.ts';

/** What a schema's own rule says beside its message: `context.addIssue({ code: 'custom', message, params })`. */
export interface RuleParams {
  readonly hint?: string;
}

/** A problem with the issue it was made from, for those who have more to say about it. */
export interface SchemaProblem extends FieldProblem {
  readonly path: FieldPath;
  readonly issue: z.core.$ZodIssue;
  /** Nothing stands where something is needed. */
  readonly isMissing: boolean;
}

/** What a schema found in a document, in the words of people and with positions; a problem for each unknown field. */
export function schemaProblems(
  schema: z.ZodType,
  issues: readonly z.core.$ZodIssue[],
  document: YamlDocument,
): SchemaProblem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.filter((step) => typeof step !== 'symbol');
    if (issue.code !== 'unrecognized_keys') {
      return [locate(path, issue, document, describe(path, issue, document))];
    }
    const known = fieldsAt(schema, path);
    return issue.keys.map((key) =>
      locate([...path, key], issue, document, describeUnknown(key, known)),
    );
  });
}

interface Description {
  readonly message: string;
  readonly hint?: string | undefined;
  readonly isMissing?: boolean;
}

function locate(
  path: FieldPath,
  issue: z.core.$ZodIssue,
  document: YamlDocument,
  { message, hint, isMissing = false }: Description,
): SchemaProblem {
  const problem = { position: document.positionOf(path), field: formatField(path), message };
  return { ...problem, ...(hint === undefined ? {} : { hint }), path, issue, isMissing };
}

function describeUnknown(key: string, known: readonly string[]): Description {
  const message = `unknown field "${key.slice(0, 100)}"`;
  const meant = closestWord(key, known);
  if (meant !== undefined) return { message, hint: `did you mean "${meant}"?` };
  return { message, hint: known.length === 0 ? undefined : `known here: ${known.join(', ')}` };
}

function describe(
  path: FieldPath,
  issue: Exclude<z.core.$ZodIssue, z.core.$ZodIssueUnrecognizedKeys>,
  document: YamlDocument,
): Description {
  const found = valueAt(document.value, path);
  if (issue.code === 'custom') {
    const { hint } = (issue.params ?? {}) as RuleParams;
    return { message: issue.message, hint };
  }
  const isMissing = found === undefined || found === null || found === '';
  if (isMissing && (issue.code === 'invalid_type' || issue.code === 'invalid_value')) {
    return { message: 'this field is missing or empty', isMissing: true };
  }
  if (issue.code === 'invalid_type') return describeType(path, issue, found, document);
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String);
    const meant = typeof found === 'string' ? closestWord(found, allowed) : undefined;
    const shown = show(found, document.sourceOf(path));
    const [only] = allowed.length === 1 ? allowed : [];
    return {
      message:
        only === undefined
          ? `${shown} is not one of: ${allowed.join(', ')}`
          : `${shown} stands where "${only}" is needed`,
      hint: meant === undefined ? undefined : `did you mean "${meant}"?`,
    };
  }
  return { message: lowerFirst(issue.message) };
}

function describeType(
  path: FieldPath,
  issue: z.core.$ZodIssueInvalidType,
  found: unknown,
  document: YamlDocument,
): Description {
  const source = document.sourceOf(path);
  const isWord = typeof found === 'number' || typeof found === 'boolean';
  if (issue.expected === 'string' && isWord) {
    const kind = typeof found === 'number' ? 'a number' : 'a boolean';
    const written = source ?? String(found);
    return {
      message: `${written.slice(0, 100)} is ${kind} in YAML, and text is needed here`,
      hint: `Put quotes around it: "${written.slice(0, 100)}".`,
    };
  }
  const message = `${nameOf(issue.expected)} is needed here, found ${show(found, source)}`;
  if (issue.expected === 'array') return { message, hint: 'Begin each item with "- ".' };
  if (issue.expected === 'boolean')
    return { message, hint: 'Write true or false, without quotes.' };
  return { message };
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function nameOf(type: string): string {
  return TYPE_NAMES[type] ?? type;
}

function show(found: unknown, source: string | undefined): string {
  if (Array.isArray(found)) return 'a list';
  if (typeof found === 'object' && found !== null) return 'a mapping';
  const text = (source ?? String(found)).slice(0, 100);
  return typeof found === 'string' ? `"${text}"` : text;
}

/** The names that a schema has for fields of the object at a path. */
function fieldsAt(schema: z.core.$ZodType, path: FieldPath): string[] {
  const bare = unwrap(schema);
  const [step, ...rest] = path;
  if (step === undefined) return bare instanceof z.ZodObject ? Object.keys(bare.shape) : [];
  const inner =
    bare instanceof z.ZodObject
      ? (bare.shape as Record<string, z.core.$ZodType>)[step]
      : bare instanceof z.ZodArray
        ? bare.element
        : undefined;
  return inner === undefined ? [] : fieldsAt(inner, rest);
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodExactOptional
  ) {
    return unwrap(schema.def.innerType);
  }
  return schema instanceof z.ZodPipe ? unwrap(schema.def.in) : schema;
}

function valueAt(value: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>(
    (found, step) =>
      typeof found === 'object' && found !== null
        ? (found as Record<string | number, unknown>)[step]
        : undefined,
    value,
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
