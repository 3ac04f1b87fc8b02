import type { z } from 'zod';
import { closestWord } from '../base/closest-word.ts';
import type { EntryPosition } from '../base/entry-position.ts';
import type { FieldPath } from '../base/field-path.ts';
import { type SchemaProblem, schemaProblems } from '../base/schema-problem.ts';
import { withoutBlanks } from '../base/without-blanks.ts';
import type { YamlDocument } from '../base/yaml-document.ts';
import {
  API_GROUP,
  API_VERSION,
  KINDS,
  type KindName,
  type MirrorContent,
  OLD_API_VERSION,
  isKindName,
} from './image-set-schema.ts';
import { type Problem, contentTypeOf } from './problem.ts';
import type { ImageSetRuleParams } from './rule.ts';

/** A document of one of the two kinds whose form is right. Text that may be empty is left out where it is. */
export interface ImageSetDocument {
  readonly kind: 'mirror' | 'delete';
  readonly path: string;
  /** What stands below `mirror` or `delete`. */
  readonly content: MirrorContent;
  /** The largest archive segment in GiB, where the file says so. */
  readonly archiveSize?: number;
  /** Where a field stands, the path from the document's root: `['mirror', 'additionalImages', 3]`. */
  readonly positionOf: (field: FieldPath) => EntryPosition;
}

/** What a YAML document turned out to be. `foreign`: neither its kind nor its group is ours. */
export type ReadDocument =
  | { readonly kind: 'foreign'; readonly message: string; readonly hint: string }
  | {
      readonly kind: 'ours';
      /** Absent where a problem is of the stage `load`. */
      readonly document?: ImageSetDocument;
      readonly problems: readonly Problem[];
      readonly warnings: readonly Problem[];
    };

/** Charts' values are the chart's own language, in which an empty value has a meaning. */
const VERBATIM = new Set(['values']);

/** Reads one document (design.md, section 5, step 2; spec, config-and-outputs, 1.1 to 1.5). */
export function readImageSetDocument(path: string, yaml: YamlDocument): ReadDocument {
  const head = headOf(yaml.value);
  const isOurs = isKindName(head.kind) || groupOf(head.apiVersion) === API_GROUP;
  if (!isOurs) return { kind: 'foreign', ...describeForeign(head) };
  const broken: Problem[] = yaml.problems.map((problem) => ({ ...problem, stage: 'load' }));
  if (yaml.isCut) return { kind: 'ours', problems: broken, warnings: [] };
  if (!isKindName(head.kind)) {
    return { kind: 'ours', problems: [...broken, wrongKind(head.kind, yaml)], warnings: [] };
  }
  const { problems, value } = checkSchema(head.kind, yaml);
  const all = [...broken, ...problems];
  if (value === undefined || all.some(({ stage }) => stage === 'load')) {
    return { kind: 'ours', problems: all, warnings: [] };
  }
  const document = toDocument(path, head.kind, value, yaml);
  return { kind: 'ours', document, problems: all, warnings: warningsOf(document, value, yaml) };
}

type Configuration = z.infer<(typeof KINDS)[KindName]['schema']>;

function toDocument(
  path: string,
  kind: KindName,
  value: Configuration,
  yaml: YamlDocument,
): ImageSetDocument {
  const content = 'mirror' in value ? value.mirror : value.delete;
  const archiveSize = 'archiveSize' in value ? value.archiveSize : undefined;
  return {
    kind: KINDS[kind].stanza,
    path,
    content,
    // 0 means the default (spec, config-and-outputs, 1.2).
    ...(archiveSize === undefined || archiveSize === 0 ? {} : { archiveSize }),
    positionOf: (field) => yaml.positionOf(field),
  };
}

function checkSchema(
  kind: KindName,
  yaml: YamlDocument,
): { readonly problems: Problem[]; readonly value?: Configuration } {
  const { schema, stanza } = KINDS[kind];
  const input = withoutBlanks(yaml.value, VERBATIM) as Record<string, unknown>;
  const raw = yaml.value as Record<string, unknown>;
  // An empty stanza asks for nothing; only one that is not there is an error (spec, config-and-outputs, 1.1).
  if (stanza in raw && raw[stanza] === null) input[stanza] = {};
  const result = schema.safeParse(input);
  if (result.success) return { problems: [], value: result.data };
  const found = schemaProblems(schema, result.error.issues, yaml);
  const problems = found.map((problem) => toProblem(problem, kind));
  if (problems.some(({ stage }) => stage === 'load')) return { problems };
  // The schema changes nothing, so input that breaks nothing but late rules has the schema's type once the
  // names that are missing are empty.
  for (const { path, issue } of found) {
    if (issue.code === 'invalid_type') setEmpty(input, path);
  }
  return { problems, value: input as Configuration };
}

function toProblem(found: SchemaProblem, kind: KindName): Problem {
  const { position, field, message, hint, path } = found;
  const { stanza } = KINDS[kind];
  const content = path[0] === stanza ? contentTypeOf(path[1]) : undefined;
  const problem = { position, field, message, ...(hint === undefined ? {} : { hint }) };
  if (content !== undefined && isLate(found)) return { ...problem, stage: 'collect', content };
  return { ...problem, ...wordsForHead(found, stanza), stage: 'load' };
}

/** Names that are missing or empty are found in collection, but that of a catalog (spec, config-and-outputs, 1.5). */
function isLate({ issue, path, isMissing }: SchemaProblem): boolean {
  if (issue.code === 'custom') {
    return (issue.params as ImageSetRuleParams | undefined)?.stage === 'collect';
  }
  const isText = issue.code === 'invalid_type' && issue.expected === 'string';
  return isMissing && isText && path.at(-1) !== 'catalog';
}

/** Better words for what is wrong with the fields of the document itself. */
function wordsForHead(
  { path, isMissing }: SchemaProblem,
  stanza: 'mirror' | 'delete',
): { readonly message?: string; readonly hint?: string } {
  const [first] = path;
  if (path.length !== 1) return {};
  if (first === 'apiVersion') return { hint: `Write apiVersion: ${API_VERSION}.` };
  if (first === stanza && isMissing) return { hint: `Everything stands below ${stanza}:.` };
  const owner = Object.entries(KINDS).find(([, kind]) => kind.stanza === first)?.[0];
  if (owner === undefined || first === stanza) return {};
  const hint = `Write a document of the kind ${owner} for it.`;
  return { message: `${String(first)} is not allowed in this kind`, hint };
}

interface Head {
  readonly kind: unknown;
  readonly apiVersion: unknown;
  readonly isMapping: boolean;
}

function headOf(value: unknown): Head {
  const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
  const { kind, apiVersion } = isMapping ? (value as Record<string, unknown>) : {};
  return { kind, apiVersion, isMapping };
}

function groupOf(apiVersion: unknown): string | undefined {
  return typeof apiVersion === 'string' ? apiVersion.split('/')[0] : undefined;
}

function describeForeign({ kind, isMapping }: Head): { message: string; hint: string } {
  const kinds = Object.keys(KINDS);
  const hint = `The kinds are ${kinds.join(' and ')}, of ${API_VERSION}.`;
  if (!isMapping) return { message: 'this is no image set: it is not a mapping of fields', hint };
  if (typeof kind !== 'string') return { message: 'this is no image set: kind is missing', hint };
  const message = `this is no image set: its kind is "${kind.slice(0, 100)}"`;
  const meant = closestWord(kind, kinds);
  return { message, hint: meant === undefined ? hint : `did you mean "${meant}"?` };
}

function wrongKind(kind: unknown, yaml: YamlDocument): Problem {
  const kinds = Object.keys(KINDS);
  const position = yaml.positionOf(['kind']);
  const base = { position, field: 'kind', stage: 'load' } as const;
  const hint = `Write one of: ${kinds.join(', ')}.`;
  if (typeof kind !== 'string')
    return { ...base, message: 'this field is missing or no text', hint };
  const meant = closestWord(kind, kinds);
  return {
    ...base,
    message: `there is no kind "${kind.slice(0, 100)}" in ${API_GROUP}`,
    hint: meant === undefined ? hint : `did you mean "${meant}"?`,
  };
}

function warningsOf(
  { kind, content }: ImageSetDocument,
  { apiVersion }: Configuration,
  yaml: YamlDocument,
): Problem[] {
  const warn = (path: FieldPath, field: string, message: string, hint: string): Problem => ({
    position: yaml.positionOf(path),
    field,
    message,
    hint,
    stage: 'load',
  });
  const warnings: Problem[] = [];
  if (apiVersion === OLD_API_VERSION) {
    const message = `${OLD_API_VERSION} is of the first generation and is read as ${API_VERSION}`;
    const hint = `Write apiVersion: ${API_VERSION}.`;
    warnings.push(warn(['apiVersion'], 'apiVersion', message, hint));
  }
  if (content.samples !== undefined) {
    const message = 'samples have no effect';
    warnings.push(warn([kind, 'samples'], `${kind}.samples`, message, 'Remove them.'));
  }
  if ((content.platform?.architectures ?? []).length > 0) {
    const field = `${kind}.platform.architectures`;
    // The reference tool's words.
    const message =
      'platform.architectures is deprecated; use platform.platforms instead for sparse manifest platform filtering';
    const hint = 'It still counts. platforms needs a registry that takes indexes in part.';
    warnings.push(warn([kind, 'platform', 'architectures'], field, message, hint));
  }
  if (content.platform?.release !== undefined && (content.platform.channels ?? []).length > 0) {
    const field = `${kind}.platform.channels`;
    const message = 'these channels choose nothing, since release names what is wanted';
    const hint = 'Remove one of the two.';
    warnings.push(warn([kind, 'platform', 'channels'], field, message, hint));
  }
  const { blockedImages, samples, ...asked } = content;
  if (Object.keys(asked).length === 0) {
    const message = `this document asks for nothing to ${kind}`;
    const hint = 'Give it platform, operators, additionalImages or helm, or remove it.';
    warnings.push(warn([kind], kind, message, hint));
  }
  return warnings;
}

function setEmpty(value: unknown, path: FieldPath): void {
  const last = path.at(-1);
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((found, step) => (found as Record<string | number, unknown>)[step], value);
  if (last !== undefined) (parent as Record<string | number, unknown>)[last] = '';
}
