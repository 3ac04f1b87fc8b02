/**
 * A package of a file-based catalog as the filter, the validation and the rebuild need it (spec,
 * operator-catalogs, 1.1): names, edges, versions and image lists, never descriptions, icons or manifests.
 * Those stay on disk, where `DocumentSpan` finds them.
 *
 * The filter makes one of these of another; what it changed has `isChanged`, and everything else is
 * written to the new catalog byte for byte.
 */
export interface CatalogPackage {
  readonly name: string;
  /** The `olm.package` documents of that name; a valid package has one. */
  readonly definitions: readonly PackageDefinition[];
  readonly channels: readonly CatalogChannel[];
  readonly bundles: readonly CatalogBundle[];
  /** A valid package has at most one. */
  readonly deprecations: readonly CatalogDeprecations[];
  /** Documents of unknown schemas that name the package. */
  readonly others: readonly OtherDocument[];
}

/** Where the bytes of a document are: in a file of `Catalog.files`, from `start` to before `end`, bytes. */
export interface DocumentSpan {
  readonly file: number;
  readonly start: number;
  readonly end: number;
}

interface CatalogDocument {
  readonly span: DocumentSpan;
  /** The filter left something out of it, or put something in. */
  readonly isChanged?: true;
}

export interface PackageDefinition extends CatalogDocument {
  /** '' where there is none. */
  readonly defaultChannel: string;
}

export interface CatalogChannel extends CatalogDocument {
  readonly name: string;
  /** In the order of the document. */
  readonly entries: readonly ChannelEntry[];
}

/** An entry of a channel: it names a bundle; the upgrade graph is here. */
export interface ChannelEntry {
  readonly name: string;
  readonly replaces?: string;
  readonly skips?: readonly string[];
  readonly skipRange?: string;
}

export interface CatalogBundle extends CatalogDocument {
  readonly name: string;
  /** The bundle image as written; '' where there is none. */
  readonly image: string;
  readonly relatedImages: readonly RelatedImage[];
  /** The values of its `olm.package` properties; a valid bundle has one. */
  readonly packages: readonly PackageProperty[];
  readonly providedApis: readonly Api[];
  readonly requiredApis: readonly Api[];
  readonly requiredPackages: readonly {
    readonly packageName: string;
    readonly versionRange: string;
  }[];
  /** Of its `olm.csv.metadata`; absent where it has none. */
  readonly displayName?: string;
  /** Properties whose value is not as their type wants it, for people (spec 1.6, V7). */
  readonly propertyFaults: readonly string[];
  /** Whether it has embedded objects (`olm.bundle.object`), which stand for an image (V9). */
  readonly hasObjects: boolean;
}

export interface RelatedImage {
  readonly name: string;
  readonly image: string;
}

export interface PackageProperty {
  readonly packageName: string;
  readonly version: string;
  readonly release?: string;
}

export interface Api {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface CatalogDeprecations extends CatalogDocument {
  readonly entries: readonly DeprecationEntry[];
}

export interface DeprecationEntry {
  readonly reference: { readonly schema: string; readonly name?: string };
  readonly message: string;
}

/** A document of an unknown schema: kept as it is. */
export interface OtherDocument extends CatalogDocument {
  readonly schema: string;
  readonly name?: string;
}
