import { ControllerError } from '../../base/controller-error.ts';
import { type RegistryReference, formatReference, parseReference } from '../../oci/reference.ts';
import type { CatalogBundle } from '../catalog-package.ts';

/** An image that a bundle needs. */
export interface BundleImage {
  readonly kind: 'bundle' | 'related-image';
  readonly reference: RegistryReference;
  /** The full reference: two images are one if it is equal. */
  readonly source: string;
}

/** What a bundle needs, or why that cannot be told: then it is incomplete, whatever the registries have. */
export type ImagesOfBundle =
  | { readonly kind: 'known'; readonly images: readonly BundleImage[] }
  /** One text for each wrong image, with it. */
  | { readonly kind: 'faulty'; readonly faults: readonly string[] };

/**
 * The images of a bundle (spec, operator-catalogs, 4.1 and 4.2): its own, whether the catalog lists it or not, and
 * the related ones, each once, in the catalog's order. A related image needs a tag or a digest: `latest` is never
 * meant where a catalog names none.
 */
export function imagesOfBundle(
  bundle: Pick<CatalogBundle, 'image' | 'relatedImages' | 'hasObjects'>,
): ImagesOfBundle {
  const bySource = new Map<string, BundleImage>();
  const faults = new Set<string>();
  // A bundle with embedded objects may do without an image (spec 1.6, V9).
  const own = bundle.image === '' && bundle.hasObjects ? [] : [bundle.image];
  for (const text of [...own, ...bundle.relatedImages.map(({ image }) => image)]) {
    const kind = text === bundle.image ? 'bundle' : 'related-image';
    const read = readImage(text);
    if (typeof read === 'string') {
      faults.add(kind === 'bundle' ? `bundle image: ${read}` : `related image: ${read}`);
      continue;
    }
    const source = formatReference(read);
    if (!bySource.has(source)) bySource.set(source, { kind, reference: read, source });
  }
  if (faults.size > 0) return { kind: 'faulty', faults: [...faults] };
  return { kind: 'known', images: [...bySource.values()] };
}

/** What the mirror cannot keep of a reference with tag and digest; undefined for any other (spec 4.5). */
export function tagAndDigestWarning({ reference, source }: BundleImage): string | undefined {
  if (reference.tag === undefined || reference.digest === undefined) return undefined;
  return `${source} has both tag and digest : using digest to pull, but tag only for mirroring`;
}

/** The reference, or what is wrong with it. */
function readImage(text: string): RegistryReference | string {
  if (text === '') return 'no image is named';
  const shown = `"${text.slice(0, 300)}"`;
  if (text.includes('oci://')) return `${shown} is a folder, which catalogs cannot name`;
  try {
    const reference = parseReference(text);
    if (reference.kind === 'layout') return `${shown} is a folder, which catalogs cannot name`;
    if (reference.digest === undefined && !text.endsWith(`:${reference.tag ?? ''}`))
      return `${shown} has neither tag nor digest`;
    return reference;
  } catch (error) {
    if (error instanceof ControllerError) return error.message;
    throw error;
  }
}
