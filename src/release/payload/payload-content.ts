/** What a release payload says of itself (spec, releases-helm, 2.2 and 2.5). */
export interface PayloadContent {
  /** `metadata.name` of image-references, else of release-metadata; '' where neither says. */
  readonly version: string;
  /** In the order of image-references; several may have one digest. */
  readonly components: readonly PayloadComponent[];
  /** The KubeVirt boot images by architecture (`x86_64`, `s390x`, …), as references by digest; undefined where the payload has no such file, or none that can be read. */
  readonly bootImages: ReadonlyMap<string, string> | undefined;
  /** Why the file with the boot images cannot be read; few want them, so the release is good without. */
  readonly bootImagesFault?: string;
}

export interface PayloadComponent {
  /** '' where it has none. */
  readonly name: string;
  /** `from.name`: a full reference, nearly always by digest. */
  readonly reference: string;
}
