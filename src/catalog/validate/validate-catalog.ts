import type { CatalogPackage } from '../catalog-package.ts';
import { duplicatesOf } from './duplicates.ts';
import { validatePackage } from './validate-package.ts';

/** What a cluster would refuse about a catalog: `validatePackage` for each, and no package twice (V1). */
export function validateCatalog({
  packages,
}: {
  readonly packages: readonly CatalogPackage[];
}): readonly string[] {
  const duplicates = [...duplicatesOf(packages.map(({ name }) => name))];
  return [
    ...duplicates.map((name) => `package "${name}": the catalog has it more than once; keep one`),
    ...packages.flatMap(validatePackage),
  ];
}
