import type { FieldPath } from '../../base/field-path.ts';
import type { OperatorPackage } from '../../imageset/operators-content.ts';
import type { CatalogChannel, CatalogPackage } from '../catalog-package.ts';
import type { SelectionFinding } from '../catalog-selection.ts';
import type { BundleVersion } from '../validate/bundle-version.ts';
import type { VersionBounds } from './version-range.ts';

/** What is asked of one package. */
export interface PackageRequest {
  readonly full: boolean;
  /** Absent where the selection lists no packages, and so wants every one. */
  readonly entry?: OperatorPackage;
}

/** A finding of one package, before it is known which entry of the selection it is. */
export type PackageFinding = Omit<SelectionFinding, 'package'>;

export interface PackageOutcome {
  /** To be used only where there are no problems. */
  readonly result: CatalogPackage;
  readonly problems: readonly PackageFinding[];
  readonly warnings: readonly PackageFinding[];
}

/** A channel that step 1 keeps, with the versions wanted of it. */
export interface WantedChannel {
  readonly channel: CatalogChannel;
  readonly bounds?: VersionBounds;
  /** The field that asks for it: a channel's entry, or the package's. */
  readonly path: FieldPath;
}

/** What every step of one package reads and adds to. */
export interface PackageWork {
  readonly source: CatalogPackage;
  readonly request: PackageRequest;
  readonly versions: ReadonlyMap<string, BundleVersion>;
  readonly problems: PackageFinding[];
  readonly warnings: PackageFinding[];
}
