import type { FieldPath } from '../base/field-path.ts';
import type { OperatorPackage } from '../imageset/operators-content.ts';
import type { CatalogPackage, OtherDocument } from './catalog-package.ts';

/** What an image set takes of a catalog: the part of an entry of `operators` that the filter reads. */
export interface CatalogSelection {
  /** All bundles instead of channel heads. */
  readonly full: boolean;
  /** Absent: every package. */
  readonly packages?: readonly OperatorPackage[];
}

/** What a selection leaves of a catalog. */
export interface FilteredCatalog {
  /** Sorted by name; none is empty. */
  readonly packages: readonly CatalogPackage[];
  /** Documents that belong to no package. */
  readonly globals: readonly OtherDocument[];
  readonly warnings: readonly SelectionFinding[];
}

/** Something that a selection asks for and that is not as its writer may think. */
export interface SelectionFinding {
  /** The index in `CatalogSelection.packages`; absent: about the entry of the catalog itself. */
  readonly package?: number;
  /** The field below that package entry (or below the catalog entry), e.g. `['channels', 1, 'minVersion']`. */
  readonly path: FieldPath;
  readonly message: string;
  readonly hint?: string;
}
