/** What a release payload says of itself (spec, releases-helm, 2.2 and 2.5). */
export interface PayloadContent {
  /** `metadata.name` of image-references, else of release-metadata; '' where neither says. */
  readonly version: string;
  /** In the order of image-references; several may have one digest. */
  readonly components: readonly PayloadComponent[];
  /** The KubeVirt boot images by architecture (`x86_64`, `s390x`, …), as references; undefined where the payload has no such file. */
  readonly bootImages: ReadonlyMap<string, string> | undefined;
}

export interface PayloadComponent {
  /** '' where it has none. */
  readonly name: string;
  /** `from.name`: a full reference, nearly always by digest. */
  readonly reference: string;
}
