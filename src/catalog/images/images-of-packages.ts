import type { CatalogPackage } from '../catalog-package.ts';
import { type BundleImage, imagesOfBundle } from './images-of-bundle.ts';

/** A bundle as people name it: its name counts inside its package alone. */
export interface BundleName {
  readonly package: string;
  readonly bundle: string;
}

/** An image that bundles of a catalog need. */
export interface NeededImage extends BundleImage {
  /** At least one. */
  readonly neededBy: readonly BundleName[];
}

/** A bundle whose images cannot be told, and why. */
export interface FaultyBundle extends BundleName {
  readonly faults: readonly string[];
}

export interface ImagesOfPackages {
  /** Each source once; a bundle image that another bundle lists as related stays a bundle image. */
  readonly images: readonly NeededImage[];
  /** Nothing is mirrored for these: they could not be published. */
  readonly faulty: readonly FaultyBundle[];
}

/** All that the bundles of a filtered catalog need (spec, operator-catalogs, 4.1 to 4.4). */
export function imagesOfPackages(packages: readonly CatalogPackage[]): ImagesOfPackages {
  const needed = new Map<string, { image: BundleImage; neededBy: BundleName[] }>();
  const faulty: FaultyBundle[] = [];
  for (const { name, bundles } of packages) {
    for (const bundle of bundles) {
      const bundleName = { package: name, bundle: bundle.name };
      const found = imagesOfBundle(bundle);
      if (found.kind === 'faulty') {
        faulty.push({ ...bundleName, faults: found.faults });
        continue;
      }
      for (const image of found.images) {
        const known = needed.get(image.source);
        if (known === undefined) needed.set(image.source, { image, neededBy: [bundleName] });
        else {
          if (image.kind === 'bundle') known.image = image;
          known.neededBy.push(bundleName);
        }
      }
    }
  }
  const images = [...needed.values()].map(({ image, neededBy }) => ({ ...image, neededBy }));
  return { images, faulty };
}
