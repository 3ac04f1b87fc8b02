import { parse } from 'yaml';
import type {
  CatalogBundle,
  CatalogChannel,
  CatalogDeprecations,
  CatalogPackage,
  ChannelEntry,
  DeprecationEntry,
  DocumentSpan,
  OtherDocument,
  PackageDefinition,
} from '../../../src/catalog/catalog-package.ts';
import type { Catalog } from '../../../src/catalog/catalog.ts';
import type { Digest } from '../../../src/oci/digest.ts';

interface PlainDocument {
  readonly schema: string;
  readonly name?: string;
  readonly package?: string;
  readonly defaultChannel?: string;
  readonly image?: string;
  readonly entries?: readonly unknown[];
}

/** A catalog in memory, of documents that are known to be right: what a filter and a rebuild are tested with. */
export interface PlainCatalog extends Catalog {
  readonly packages: readonly CatalogPackage[];
  package(name: string): CatalogPackage;
}

/**
 * A catalog of files by path: JSON documents behind each other, each starting in column 0, or YAML documents between
 * lines `---`. `digest`: of the image that it is in.
 */
export function plainCatalog(
  digest: Digest,
  texts: Readonly<Record<string, string>>,
  configsFolder = 'configs',
): PlainCatalog {
  const files = Object.entries(texts).map(([path, text]) => {
    const syntax: 'json' | 'yaml' = text.startsWith('{') ? 'json' : 'yaml';
    return { path, syntax, bytes: Buffer.from(text) };
  });
  const documents = files.flatMap(({ syntax, bytes }, file) =>
    spansOf(bytes.toString(), syntax, file).map((span) => {
      const text = bytes.subarray(span.start, span.end).toString();
      return { span, value: parse(text) as PlainDocument };
    }),
  );
  const names = documents.map(({ value }) =>
    value.schema === 'olm.package' ? value.name : value.package,
  );
  const packageNames = [...new Set(names)].filter((name) => name !== undefined).sort();
  const packages = packageNames.map((name) =>
    packageOf(
      name,
      documents.filter((_, index) => names[index] === name),
    ),
  );
  return {
    digest,
    name: `quay.io/example/catalog@${digest}`,
    configsFolder,
    files,
    packageNames,
    globals: documents
      .filter((_, index) => names[index] === undefined)
      .map(({ span, value }) => other(span, value)),
    packages,
    package(name) {
      const found = packages.find((one) => one.name === name);
      if (found === undefined) throw new Error(`the catalog has no package ${name}`);
      return found;
    },
    readPackage: (name) => Promise.resolve(packages.find((one) => one.name === name)),
    readDocument: ({ file, start, end }) =>
      Promise.resolve(Buffer.from(files[file]?.bytes.subarray(start, end) ?? [])),
  };
}

function spansOf(text: string, syntax: 'json' | 'yaml', file: number): DocumentSpan[] {
  const separator = syntax === 'json' ? /(?<=\})\n(?=\{|$(?!\n))/g : /^---\n/gm;
  let at = 0;
  const spans: DocumentSpan[] = [];
  for (const match of [...text.matchAll(separator), { 0: '', index: text.length }]) {
    const [start, end] = [at, match.index].map((one) => Buffer.byteLength(text.slice(0, one)));
    if (text.slice(at, match.index).trim() !== '')
      spans.push({ file, start: start ?? 0, end: end ?? 0 });
    at = match.index + match[0].length;
  }
  return spans;
}

function packageOf(
  name: string,
  documents: readonly { readonly span: DocumentSpan; readonly value: PlainDocument }[],
): CatalogPackage {
  const definitions: PackageDefinition[] = [];
  const channels: CatalogChannel[] = [];
  const bundles: CatalogBundle[] = [];
  const deprecations: CatalogDeprecations[] = [];
  const others: OtherDocument[] = [];
  for (const { span, value } of documents) {
    const { schema, entries = [] } = value;
    if (schema === 'olm.package')
      definitions.push({ span, defaultChannel: value.defaultChannel ?? '' });
    else if (schema === 'olm.channel')
      channels.push({ span, name: value.name ?? '', entries: entries as ChannelEntry[] });
    else if (schema === 'olm.bundle') bundles.push(bundle(span, value));
    else if (schema === 'olm.deprecations')
      deprecations.push({ span, entries: entries as DeprecationEntry[] });
    else others.push(other(span, value));
  }
  return { name, definitions, channels, bundles, deprecations, others };
}

function other(span: DocumentSpan, { schema, name }: PlainDocument): OtherDocument {
  return { span, schema, ...(name === undefined ? {} : { name }) };
}

function bundle(span: DocumentSpan, { name = '', image = '' }: PlainDocument): CatalogBundle {
  return {
    span,
    name,
    image,
    relatedImages: [],
    packages: [],
    providedApis: [],
    requiredApis: [],
    requiredPackages: [],
    propertyFaults: [],
    hasObjects: false,
  };
}
