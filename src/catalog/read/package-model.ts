import { z } from 'zod';
import { formatField } from '../../base/field-path.ts';
import type {
  CatalogBundle,
  CatalogChannel,
  CatalogDeprecations,
  CatalogPackage,
  DeprecationEntry,
  DocumentSpan,
  OtherDocument,
  PackageDefinition,
} from '../catalog-package.ts';
import { readProperties } from './bundle-properties.ts';

/** A document that was parsed. */
export interface PackageDocument {
  readonly schema: string;
  /** As the index has it: keys count in any case. */
  readonly name: string;
  readonly span: DocumentSpan;
  /** Looked at only where the schema has a model. */
  readonly value: unknown;
}

const Text = z
  .string()
  .nullish()
  .transform((text) => text ?? '');
const Texts = z.array(z.string()).nullish();

function list<T extends z.ZodType>(item: T): z.ZodType<z.output<T>[]> {
  return z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
}

const Definition = z.object({ defaultChannel: Text });
const Channel = z.object({
  entries: list(
    z.object({
      name: Text,
      replaces: z.string().nullish(),
      skips: Texts,
      skipRange: z.string().nullish(),
    }),
  ),
});
const Bundle = z.object({
  image: Text,
  properties: list(z.object({ type: Text, value: z.unknown().optional() })),
  relatedImages: list(z.object({ name: Text, image: Text })),
});
const Deprecations = z.object({
  entries: list(
    z.object({ reference: z.object({ schema: Text, name: z.string().nullish() }), message: Text }),
  ),
});

/** Takes the documents of a package, in their order. */
export interface PackageBuilder {
  /** Returns why the document is not as its schema wants it; then it is not taken. */
  add(document: PackageDocument): string | undefined;
  /** Made of what was taken. */
  build(): CatalogPackage;
}

export function createPackageBuilder(name: string): PackageBuilder {
  const definitions: PackageDefinition[] = [];
  const channels: CatalogChannel[] = [];
  const bundles: CatalogBundle[] = [];
  const deprecations: CatalogDeprecations[] = [];
  const others: OtherDocument[] = [];

  return {
    add({ schema, name: documentName, span, value }) {
      switch (schema) {
        case 'olm.package':
          return take(Definition, value, (definition) => {
            definitions.push({ span, ...definition });
          });
        case 'olm.channel':
          return take(Channel, value, ({ entries }) => {
            channels.push({ span, name: documentName, entries: entries.map(withoutNulls) });
          });
        case 'olm.bundle':
          return take(Bundle, value, ({ properties, ...bundle }) => {
            bundles.push({ span, name: documentName, ...bundle, ...readProperties(properties) });
          });
        case 'olm.deprecations':
          return take(Deprecations, value, ({ entries }) => {
            deprecations.push({ span, entries: entries.map(deprecationOf) });
          });
        default:
          others.push({ span, schema, ...(documentName === '' ? {} : { name: documentName }) });
          return undefined;
      }
    },
    build: () => ({ name, definitions, channels, bundles, deprecations, others }),
  };
}

/** Returns what is wrong with the value, or hands it on. */
function take<T>(
  schema: z.ZodType<T>,
  value: unknown,
  use: (value: T) => void,
): string | undefined {
  const result = schema.safeParse(value);
  if (result.success) {
    use(result.data);
    return undefined;
  }
  const [issue] = result.error.issues;
  const field = issue === undefined ? '' : formatField(issue.path.map(stepOf));
  return `${field === '' ? '' : `${field}: `}${issue?.message ?? 'it is wrong'}`;
}

function stepOf(step: PropertyKey): string | number {
  return typeof step === 'number' ? step : String(step);
}

function deprecationOf({
  reference,
  message,
}: z.output<typeof Deprecations>['entries'][number]): DeprecationEntry {
  return { reference: withoutNulls(reference), message };
}

type WithoutNulls<T> = { [K in keyof T]: Exclude<T[K], null | undefined> };

/** Drops fields that are null: in a catalog that is the same as not there. */
function withoutNulls<T extends object>(value: T): WithoutNulls<T> {
  const entries = Object.entries(value).filter(
    ([, field]) => field !== null && field !== undefined,
  );
  return Object.fromEntries(entries) as WithoutNulls<T>;
}
