import { expect, it } from 'vitest';
import type { CatalogBundle, CatalogPackage } from '../catalog-package.ts';
import { imagesOfPackages } from './images-of-packages.ts';

const span = { file: 0, start: 0, end: 0 };

function bundle(name: string, image: string, related: readonly string[]): CatalogBundle {
  return {
    ...{ span, name, image, packages: [], providedApis: [], requiredApis: [] },
    ...{ requiredPackages: [], propertyFaults: [], hasObjects: false },
    relatedImages: related.map((text) => ({ name: '', image: text })),
  };
}

function pkg(name: string, bundles: readonly CatalogBundle[]): CatalogPackage {
  return { name, definitions: [], channels: [], bundles, deprecations: [], others: [] };
}

it('gives each image once, with all the bundles that need it, and faulty bundles apart', () => {
  const found = imagesOfPackages([
    pkg('gadget', [
      bundle('gadget.v1', 'quay.io/g/bundle:1', ['quay.io/g/gadget:1', 'quay.io/w/bundle:1']),
      bundle('gadget.v2', 'quay.io/g/bundle:2', ['quay.io/g/gadget:1']),
      bundle('gadget.v3', 'quay.io/g/bundle:3', ['quay.io/g/gadget:1', '']),
    ]),
    pkg('widget', [bundle('gadget.v1', 'quay.io/w/bundle:1', [])]),
  ]);

  expect(
    found.images.map(({ kind, source, neededBy }) => [
      `${kind} ${source}`,
      ...neededBy.map((needed) => `${needed.package}/${needed.bundle}`),
    ]),
  ).toEqual([
    ['bundle quay.io/g/bundle:1', 'gadget/gadget.v1'],
    ['related-image quay.io/g/gadget:1', 'gadget/gadget.v1', 'gadget/gadget.v2'],
    // A bundle here is a bundle, whoever else lists it.
    ['bundle quay.io/w/bundle:1', 'gadget/gadget.v1', 'widget/gadget.v1'],
    ['bundle quay.io/g/bundle:2', 'gadget/gadget.v2'],
  ]);
  expect(found.faulty).toEqual([
    { package: 'gadget', bundle: 'gadget.v3', faults: ['related image: no image is named'] },
  ]);
});
