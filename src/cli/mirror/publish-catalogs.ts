import { ControllerError } from '../../base/controller-error.ts';
import type { BundleFault } from '../../lock/wanted-catalog.ts';
import { type Destination, placeCatalog } from '../../oci/destination.ts';
import { digestTag } from '../../oci/digest.ts';
import type { CatalogImage } from '../../resolve/operators/build-catalog.ts';
import type { SelectedBundle } from '../../resolve/operators/select-catalog.ts';
import type { CollectedImage } from './collect-images.ts';
import type { CollectedCatalog } from './collect-operators.ts';
import type { ImageFailure } from './results.ts';

/** A catalog that may be copied, or why not. */
export type CatalogToCopy =
  | {
      readonly kind: 'built';
      readonly image: CollectedImage;
      readonly catalog: CollectedCatalog;
      /** What it had to be built without: it is there, and the run has failed. */
      readonly without: readonly BundleFault[];
    }
  | { readonly kind: 'failed'; readonly failure: ImageFailure };

export interface PublishOptions {
  readonly destination: Destination;
  /** Keeps what was read and built. */
  readonly catalogFolder: string;
  /** Why an image is not at the destination, by its source; undefined: it is there. */
  readonly reasonOf: (source: string) => string | undefined;
}

/**
 * Builds the image of a catalog, without the bundles of which something is missing at the destination (spec,
 * operator-catalogs, 4.7 and 5; design.md, section 5, step 6).
 */
export async function catalogToCopy(
  catalog: CollectedCatalog,
  { destination, catalogFolder: folder, reasonOf }: PublishOptions,
  signal: AbortSignal,
): Promise<CatalogToCopy> {
  const { selected, source } = catalog;
  const missing = selected.bundles.flatMap((bundle) => faultOf(bundle, reasonOf));
  const without = [...selected.faulty, ...missing];
  // Loaded when there are catalogs: it is much.
  const { buildCatalog } = await import('../../resolve/operators/build-catalog.ts');
  try {
    const built = await buildCatalog(selected, without, { source, folder }, signal);
    const image = imageOf(catalog, built, destination);
    return { kind: 'built', image, catalog, without };
  } catch (error) {
    if (!(error instanceof ControllerError) || signal.aborted) throw error;
    const hint = error.hint === undefined || error.hint === '' ? '' : ` (${error.hint})`;
    const reason = `unable to rebuild catalog ${selected.request.source}: ${error.message}${hint}`;
    return { kind: 'failed', failure: { content: 'operator', origin: originOf(catalog), reason } };
  }
}

/** `<name>@<digest>`: a catalog is read by the digest that its tag had at the start. */
export function originOf({ selected: { request }, digest }: CollectedCatalog): string {
  const { reference, source } = request;
  if (reference.kind === 'layout') return source;
  return `${reference.registry}/${reference.repository}@${digest}`;
}

function imageOf(
  catalog: CollectedCatalog,
  { digest, image }: CatalogImage,
  destination: Destination,
): CollectedImage {
  const { request } = catalog.selected;
  return {
    wanted: {
      place: placeCatalog(request.reference, request, digestTag(digest), destination),
      digest,
      source: request.source,
      kind: 'catalog',
      entries: request.entries,
    },
    origin: originOf(catalog),
    content: 'operator',
    from: image,
    ...(request.template === undefined ? {} : { template: request.template.path }),
  };
}

function faultOf(
  { bundle, sources, ...rest }: SelectedBundle,
  reasonOf: PublishOptions['reasonOf'],
): BundleFault[] {
  for (const source of sources) {
    const reason = reasonOf(source);
    if (reason !== undefined) {
      const { package: name, channels } = rest;
      return [{ package: name, bundle, channels, reason: `${source}: ${reason}` }];
    }
  }
  return [];
}
