import type { CatalogPackage } from '../catalog-package.ts';
import { isImageText } from './image-text.ts';

/** The images of a package's bundles: V9. An empty related image is accepted, as by `opm`. */
export function* checkImages({ name, bundles }: CatalogPackage): Generator<string> {
  for (const bundle of bundles) {
    const where = `package "${name}", bundle "${bundle.name}"`;
    if (bundle.image === '' && !bundle.hasObjects) {
      yield `${where}: it has no image; write the reference of its bundle image`;
    }
    for (const text of new Set([bundle.image, ...bundle.relatedImages.map(({ image }) => image)])) {
      if (text === '' || isImageText(text)) continue;
      yield `${where}: "${text.slice(0, 300)}" is no image reference; write it like HOST/PATH@sha256:DIGEST`;
    }
  }
}
