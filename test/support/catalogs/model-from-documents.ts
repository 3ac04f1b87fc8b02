import { parseAllDocuments } from 'yaml';
import { compareText } from '../../../src/base/compare-text.ts';
import type { Catalog } from '../../../src/catalog/catalog.ts';
import type {
  CatalogBundle,
  CatalogPackage,
  DocumentSpan,
  OtherDocument,
  RelatedImage,
} from '../../../src/catalog/catalog-package.ts';
import type { Digest } from '../../../src/oci/digest.ts';

/** A document of a catalog, of any schema: what the model needs of it. */
export interface ModelDocument {
  readonly schema: string;
  readonly package?: string;
  readonly name?: string;
  readonly [field: string]: unknown;
}

/** The fields that documents of the known schemas may have. */
interface KnownFields {
  readonly defaultChannel?: string;
  readonly entries?: readonly never[];
  readonly image?: string;
  readonly relatedImages?: readonly RelatedImage[];
  readonly properties?: readonly { readonly type: string; readonly value: never }[];
}

/** The documents of text files: concatenated JSON or YAML documents, told apart by their first character. */
export function documentsOf(files: Readonly<Record<string, string>>): ModelDocument[] {
  return Object.values(files).flatMap((text) => {
    const yaml = text.trimStart().startsWith('{') ? text.replaceAll(/^\{/gm, '---\n{') : text;
    return parseAllDocuments(yaml)
      .map((one) => one.toJS() as ModelDocument | null)
      .filter((one) => one !== null);
  });
}

/** A catalog in memory. Each document is a file of its own to it. */
export function catalogOf(
  documents: readonly ModelDocument[],
): Catalog & { readonly reads: string[] } {
  const packages = new Map<string, CatalogPackage>();
  const globals: OtherDocument[] = [];
  const reads: string[] = [];
  for (const [file, document] of documents.entries()) {
    const span = { file, start: 0, end: JSON.stringify(document).length };
    const name = document.schema === 'olm.package' ? document.name : document.package;
    if (name === undefined) globals.push(otherOf(document, span));
    else packages.set(name, withDocument(packages.get(name) ?? emptyPackage(name), document, span));
  }
  return {
    digest: `sha256:${'0'.repeat(64)}` as Digest,
    name: 'quay.io/example/catalog:v1',
    configsFolder: 'configs',
    files: documents.map((_, index) => ({ path: `${index}.json`, syntax: 'json' })),
    packageNames: [...packages.keys()].sort(compareText),
    globals,
    reads,
    readPackage: (name) => {
      reads.push(name);
      return Promise.resolve(packages.get(name));
    },
    readDocument: ({ file }) => Promise.resolve(Buffer.from(JSON.stringify(documents[file]))),
  };
}

/** The one package that the documents are of. */
export function packageOf(documents: readonly ModelDocument[]): CatalogPackage {
  let source = emptyPackage('');
  for (const [file, document] of documents.entries()) {
    const name = document.schema === 'olm.package' ? document.name : document.package;
    source = withDocument({ ...source, name: name ?? '' }, document, { file, start: 0, end: 1 });
  }
  return source;
}

function emptyPackage(name: string): CatalogPackage {
  return { name, definitions: [], channels: [], bundles: [], deprecations: [], others: [] };
}

function withDocument(
  source: CatalogPackage,
  document: ModelDocument,
  span: DocumentSpan,
): CatalogPackage {
  const fields = document as KnownFields;
  const name = document.name ?? '';
  switch (document.schema) {
    case 'olm.package': {
      const defaultChannel = fields.defaultChannel ?? '';
      return { ...source, definitions: [...source.definitions, { span, defaultChannel }] };
    }
    case 'olm.channel': {
      const channel = { span, name, entries: fields.entries ?? [] };
      return { ...source, channels: [...source.channels, channel] };
    }
    case 'olm.bundle':
      return { ...source, bundles: [...source.bundles, bundleOf(fields, name, span)] };
    case 'olm.deprecations': {
      const deprecations = { span, entries: fields.entries ?? [] };
      return { ...source, deprecations: [...source.deprecations, deprecations] };
    }
    default:
      return { ...source, others: [...source.others, otherOf(document, span)] };
  }
}

function bundleOf(fields: KnownFields, name: string, span: DocumentSpan): CatalogBundle {
  const valuesOf = (type: string): never[] =>
    (fields.properties ?? []).filter((one) => one.type === type).map(({ value }) => value);
  const metadata: readonly { readonly displayName: string }[] = valuesOf('olm.csv.metadata');
  const displayName = metadata[0]?.displayName;
  return {
    span,
    name,
    image: fields.image ?? '',
    relatedImages: fields.relatedImages ?? [],
    packages: valuesOf('olm.package'),
    providedApis: valuesOf('olm.gvk'),
    requiredApis: valuesOf('olm.gvk.required'),
    requiredPackages: valuesOf('olm.package.required'),
    ...(displayName === undefined ? {} : { displayName }),
    propertyFaults: [],
    hasObjects: valuesOf('olm.bundle.object').length > 0,
  };
}

function otherOf({ schema, name }: ModelDocument, span: DocumentSpan): OtherDocument {
  return { span, schema, ...(name === undefined ? {} : { name }) };
}
