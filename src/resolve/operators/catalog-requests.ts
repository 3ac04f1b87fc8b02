import { type FieldPath, formatField } from '../../base/field-path.ts';
import type { FieldProblem } from '../../base/field-problem.ts';
import type { SelectionFinding } from '../../catalog/catalog-selection.ts';
import { catalogKey } from '../../imageset/catalog-key.ts';
import {
  type BlockingPattern,
  compileBlockedImages,
} from '../../imageset/compile-blocked-images.ts';
import type { ImageSetDocument } from '../../imageset/image-set-document.ts';
import type { OperatorCatalog, OperatorPackage } from '../../imageset/operators-content.ts';
import type { WantingEntry } from '../../lock/wanted-image.ts';
import type { Platform } from '../../oci/descriptor.ts';
import { formatReference, parseReference } from '../../oci/reference.ts';
import { sortPlatforms } from '../resolve-images.ts';
import type { CatalogRequest, CatalogTemplate } from './catalog-request.ts';

interface Entry {
  readonly catalog: OperatorCatalog;
  readonly document: ImageSetDocument;
  readonly path: FieldPath;
  readonly blockedBy: (image: string) => BlockingPattern | undefined;
}

/** A package of the united list, and where it stands. */
interface Listed {
  readonly filter: OperatorPackage;
  readonly entry: Entry;
  readonly path: FieldPath;
}

/**
 * The catalogs that documents want. One catalog under one target in several documents is one, its package lists
 * united; that these do not contradict each other was checked when the files were loaded.
 */
export function catalogRequests(documents: readonly ImageSetDocument[]): CatalogRequest[] {
  const entries = documents.flatMap((document) => {
    const blockedBy = compileBlockedImages(document);
    return (document.content.operators ?? []).map((catalog, index): Entry => {
      return { catalog, document, path: [document.kind, 'operators', index], blockedBy };
    });
  });
  const groups = Map.groupBy(entries, ({ catalog }) => catalogKey(catalog));
  return [...groups.values()].flatMap((group) => {
    const [first, ...rest] = group;
    return first === undefined ? [] : [requestOf(first, rest)];
  });
}

function requestOf(first: Entry, rest: readonly Entry[]): CatalogRequest {
  const group = [first, ...rest];
  const { catalog } = first;
  const { targetCatalog, targetTag, full = false } = catalog;
  const reference = parseReference(catalog.catalog);
  const listed = group.flatMap(packagesOf);
  const byName = new Map(listed.map((one) => [one.filter.name, one]));
  const platforms = unitedPlatforms(group);
  const template = templateOf(group);
  const of = (packageName: string): Listed | undefined => byName.get(packageName);
  return {
    reference,
    name: catalog.catalog,
    source: formatReference(reference),
    ...(targetCatalog === undefined ? {} : { targetCatalog }),
    ...(targetTag === undefined ? {} : { targetTag }),
    selection:
      listed.length === 0 ? { full } : { full, packages: listed.map(({ filter }) => filter) },
    ...(platforms === undefined ? {} : { platforms }),
    ...(template === undefined ? {} : { template }),
    entries: group.map(({ document, path }) => entryAt(document, path)),
    entryOf(packageName) {
      const found = of(packageName);
      return found === undefined
        ? entryAt(first.document, first.path)
        : entryAt(found.entry.document, found.path);
    },
    blockedBy: (packageName, image) => (of(packageName)?.entry ?? first).blockedBy(image),
    locate: (finding) => locate(finding, first, listed),
  };
}

function packagesOf(entry: Entry): Listed[] {
  return (entry.catalog.packages ?? []).map((filter, index) => {
    return { filter, entry, path: [...entry.path, 'packages', index] };
  });
}

/** The platforms of all; undefined, which is every instance, if one of the entries wants every instance. */
function unitedPlatforms(group: readonly Entry[]): Platform[] | undefined {
  const lists = group.map(({ catalog }) => catalog.platforms ?? []);
  return lists.some(({ length }) => length === 0) ? undefined : sortPlatforms(lists.flat());
}

function templateOf(group: readonly Entry[]): CatalogTemplate | undefined {
  for (const { catalog, document, path } of group) {
    const template = catalog.targetCatalogSourceTemplate;
    if (template === undefined) continue;
    const entry = entryAt(document, [...path, 'targetCatalogSourceTemplate']);
    return { path: template, of: document.path, entry };
  }
  return undefined;
}

function locate(
  { package: index, path, message, hint }: SelectionFinding,
  first: Entry,
  listed: readonly Listed[],
): FieldProblem {
  const found = index === undefined ? undefined : listed[index];
  const { document } = found?.entry ?? first;
  const { position, field } = entryAt(document, [...(found?.path ?? first.path), ...path]);
  return { position, field, message, ...(hint === undefined ? {} : { hint }) };
}

function entryAt(document: ImageSetDocument, path: FieldPath): WantingEntry {
  return { position: document.positionOf(path), field: formatField(path) };
}
