import { z } from 'zod';
import { type FieldProblem, compareProblems } from '../base/field-problem.ts';
import { type SchemaProblem, schemaProblems } from '../base/schema-problem.ts';
import { withoutBlanks } from '../base/without-blanks.ts';
import { type YamlDocument, readYaml } from '../base/yaml-document.ts';

/** What a template adds to a CatalogSource (spec, config-and-outputs, 4.4, "Template"). */
export interface CatalogSourceTemplate {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** As the definition of the resource has it, without what is generated: `image`, `sourceType`. */
  readonly spec: Readonly<Record<string, unknown>> & { readonly secrets?: readonly string[] };
  /** The cluster looks for a new image by itself, which works only where the image is named by tag. */
  readonly polls: boolean;
}

export interface ReadTemplate {
  /** Absent: it cannot be used, and the CatalogSource is generated without it. */
  readonly template?: CatalogSourceTemplate;
  /** What is wrong with the file; without a template, why. */
  readonly warnings: readonly FieldProblem[];
}

/** Names and values of users, in which an empty text has a meaning. */
const VERBATIM = new Set(['labels', 'annotations', 'nodeSelector', 'affinity', 'tolerations']);
/** Of Go, which the cluster reads the interval with: `time.ParseDuration`. */
const GO_DURATION = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;

const texts = z.record(z.string(), z.string());
const anything = z.record(z.string(), z.unknown());
const text = z.string().exactOptional();

const GrpcPodConfig = z.strictObject({
  affinity: anything.exactOptional(),
  extractContent: z.strictObject({ cacheDir: text, catalogDir: z.string() }).exactOptional(),
  memoryTarget: z.union([z.int(), z.string()]).exactOptional(),
  nodeSelector: texts.exactOptional(),
  priorityClassName: text,
  securityContextConfig: z.enum(['legacy', 'restricted']).exactOptional(),
  tolerations: z.array(anything).exactOptional(),
});

/** The fields of CustomResourceDefinition catalogsources.operators.coreos.com, v1alpha1. */
const Template = z.strictObject({
  apiVersion: z.literal('operators.coreos.com/v1alpha1'),
  kind: z.literal('CatalogSource'),
  metadata: z
    .looseObject({ labels: texts.exactOptional(), annotations: texts.exactOptional() })
    .exactOptional(),
  spec: z
    .strictObject({
      address: text,
      configMap: z
        .string()
        .refine(() => false, 'a catalog in a ConfigMap is no image')
        .exactOptional(),
      description: text,
      displayName: text,
      grpcPodConfig: GrpcPodConfig.exactOptional(),
      icon: z.strictObject({ base64data: z.string(), mediatype: z.string() }).exactOptional(),
      image: z.unknown().optional(),
      priority: z.int32().exactOptional(),
      publisher: text,
      secrets: z.array(z.string()).exactOptional(),
      sourceType: z.literal('grpc').exactOptional(),
      updateStrategy: z
        .strictObject({ registryPoll: z.strictObject({ interval: text }).exactOptional() })
        .exactOptional(),
    })
    .exactOptional(),
  status: z.unknown().optional(),
});
type Template = z.infer<typeof Template>;

/**
 * Reads the file that `targetCatalogSourceTemplate` names. A file that is no CatalogSource of an image is refused
 * with a warning; fields that the resource does not have are left out with one, since a cluster would drop them.
 */
export function readCatalogSourceTemplate(path: string, content: string): ReadTemplate {
  const { documents, problems } = readYaml(path, content);
  const [document, ...others] = documents.filter(({ value }) => value !== null);
  if (problems.length > 0 || document === undefined || others.length > 0) {
    const [first = notOne(path, document === undefined)] = problems;
    return refused([first]);
  }
  return readDocument(document);
}

function readDocument(document: YamlDocument): ReadTemplate {
  if (document.problems.length > 0) return refused(document.problems);
  const value = withoutBlanks(document.value, VERBATIM);
  const unknown = problemsOf(value, document).filter(isUnknownField);
  for (const { path } of unknown) removeField(value, path);
  const checked = Template.safeParse(value);
  if (!checked.success) return refused(problemsOf(value, document));
  const warnings = [...unknown.map(leftOut), ...pollProblems(checked.data, document)];
  return { template: toTemplate(checked.data), warnings: warnings.sort(compareProblems) };
}

function toTemplate({ metadata = {}, spec = {} }: Template): CatalogSourceTemplate {
  const { image: _image, sourceType: _type, configMap: _map, updateStrategy, ...kept } = spec;
  const registryPoll = updateStrategy?.registryPoll;
  const { labels, annotations } = metadata;
  return {
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    spec: registryPoll === undefined ? kept : { ...kept, updateStrategy: { registryPoll } },
    polls: registryPoll !== undefined,
  };
}

function problemsOf(value: unknown, document: YamlDocument): SchemaProblem[] {
  const { error } = Template.safeParse(value);
  return error === undefined ? [] : schemaProblems(Template, error.issues, document);
}

function isUnknownField({ issue }: SchemaProblem): boolean {
  return issue.code === 'unrecognized_keys';
}

/** Removes what a schema did not know: the steps before the last were found by it. */
function removeField(value: unknown, path: readonly (string | number)[]): void {
  const holder = path
    .slice(0, -1)
    .reduce<unknown>((found, step) => (found as Record<string | number, unknown>)[step], value);
  Reflect.deleteProperty(holder as object, path.at(-1) ?? '');
}

function leftOut({ position, field, message, hint }: FieldProblem): FieldProblem {
  const said = `${message}, which is left out`;
  return { position, field, message: said, ...(hint === undefined ? {} : { hint }) };
}

/** The interval is kept all the same: what the cluster makes of it is its own matter. */
function pollProblems(template: Template, document: YamlDocument): FieldProblem[] {
  const interval = template.spec?.updateStrategy?.registryPoll?.interval;
  if (interval === undefined || GO_DURATION.test(interval)) return [];
  return [
    {
      position: document.positionOf(['spec', 'updateStrategy', 'registryPoll', 'interval']),
      field: 'spec.updateStrategy.registryPoll.interval',
      message: `"${interval.slice(0, 100)}" is no duration`,
      hint: 'Write it like 30m or 1h30m.',
    },
  ];
}

function refused(problems: readonly FieldProblem[]): ReadTemplate {
  const warnings = problems.map(({ position, field, message, hint }) => ({
    position,
    field,
    message: `${message}; the CatalogSource is generated without this template`,
    ...(hint === undefined ? {} : { hint }),
  }));
  return { warnings };
}

function notOne(path: string, isEmpty: boolean): FieldProblem {
  return {
    position: { path, line: 1, column: 1 },
    field: '',
    message: isEmpty ? 'the file is empty' : 'the file has more than one document',
    hint: 'Write one CatalogSource.',
  };
}
