import type { FieldProblem } from '../../base/field-problem.ts';
import type { CatalogSelection, SelectionFinding } from '../../catalog/catalog-selection.ts';
import type { BlockingPattern } from '../../imageset/compile-blocked-images.ts';
import type { WantingEntry } from '../../lock/wanted-image.ts';
import type { Platform } from '../../oci/descriptor.ts';
import type { Reference } from '../../oci/reference.ts';

/** One catalog under one target, as all entries of `operators` together want it (design.md, section 5, step 3). */
export interface CatalogRequest {
  readonly reference: Reference;
  /** The catalog as the first entry writes it. */
  readonly name: string;
  /** The full reference, as locks write it. */
  readonly source: string;
  readonly targetCatalog?: string;
  readonly targetTag?: string;
  readonly selection: CatalogSelection;
  /** Only these instances of the catalog and its images; absent: all. */
  readonly platforms?: readonly Platform[];
  /** The file of its CatalogSource template, as written. */
  readonly template?: CatalogTemplate;
  /** The entries of the catalog, one for each document that has it, in the order of the documents. */
  readonly entries: readonly WantingEntry[];
  /** The entry that wants a package: of the package list where there is one, else of the catalog. */
  entryOf(packageName: string): WantingEntry;
  /** What blocks an image of a package, in the document that wants the package. */
  blockedBy(packageName: string, image: string): BlockingPattern | undefined;
  /** Where a finding of the filter stands. */
  locate(finding: SelectionFinding): FieldProblem;
}

export interface CatalogTemplate {
  /** As written: relative to the file of the entry. */
  readonly path: string;
  /** The file of the entry. */
  readonly of: string;
  readonly entry: WantingEntry;
}

/** Whether all of a catalog is wanted, as its makers published it. */
export function isWholeCatalog({ selection }: Pick<CatalogRequest, 'selection'>): boolean {
  return selection.full && selection.packages === undefined;
}
