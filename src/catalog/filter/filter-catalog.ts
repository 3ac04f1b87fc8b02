import { closestWord } from '../../base/closest-word.ts';
import { compareText } from '../../base/compare-text.ts';
import type { OperatorPackage } from '../../imageset/operators-content.ts';
import type { Catalog } from '../catalog.ts';
import type { CatalogPackage } from '../catalog-package.ts';
import type { CatalogSelection, FilteredCatalog, SelectionFinding } from '../catalog-selection.ts';
import { hasOlmDocuments } from '../validate/validate-package.ts';
import { filterPackage } from './filter-package.ts';
import type { PackageFinding } from './package-request.ts';
import { findUnmetRequirements } from './requirements.ts';
import { SelectionFailure } from './selection-failure.ts';

/** A package that is looked at, with the entry that lists it. */
interface Listed {
  readonly name: string;
  readonly entry?: OperatorPackage;
  readonly index?: number;
}

/**
 * What a selection takes of a catalog (spec, operator-catalogs, 3.3, with what is settled there). One package at a
 * time is in memory beside the result. The result is valid (1.6) but for bundles with images that cannot be
 * read, which the caller leaves out as it does others that are incomplete. `full` without packages is the
 * catalog as it is, whatever its faults.
 * @throws SelectionFailure with all problems of all packages.
 */
export async function filterCatalog(
  catalog: Catalog,
  selection: CatalogSelection,
  signal: AbortSignal,
): Promise<FilteredCatalog> {
  const listed = listPackages(catalog, selection);
  const isWhole = selection.full && listed.every(({ entry }) => entry === undefined);
  const packages: CatalogPackage[] = [];
  const problems: SelectionFinding[] = [];
  const warnings: SelectionFinding[] = [];
  for (const { name, entry, index } of listed) {
    const at = (finding: PackageFinding): SelectionFinding =>
      index === undefined ? finding : { package: index, ...finding };
    const source = await catalog.readPackage(name, signal);
    if (source === undefined || !hasOlmDocuments(source)) {
      if (entry !== undefined) warnings.push(at(missingPackage(catalog, name)));
      // Documents of unknown schemas stay, whatever they are about.
      if (source !== undefined) packages.push(source);
      continue;
    }
    if (isWhole) {
      packages.push(source);
      continue;
    }
    const { full } = selection;
    const outcome = filterPackage(source, entry === undefined ? { full } : { full, entry });
    packages.push(outcome.result);
    problems.push(...outcome.problems.map(at));
    warnings.push(...outcome.warnings.map(at));
  }
  if (problems.length > 0) throw new SelectionFailure(catalog.name, problems, warnings);
  if (!packages.some(hasOlmDocuments)) throw nothingLeft(catalog, warnings);
  if (!isWhole) {
    const indexes = new Map(listed.map(({ name, index }) => [name, index]));
    warnings.push(...(await findUnmetRequirements(catalog, packages, indexes, signal)));
  }
  return { packages, globals: catalog.globals, warnings };
}

/** In the order of the result. */
function listPackages(catalog: Catalog, { packages = [] }: CatalogSelection): readonly Listed[] {
  if (packages.length === 0)
    return [...catalog.packageNames].sort(compareText).map((name) => ({ name }));
  return packages
    .map((entry, index) => ({ name: entry.name, entry, index }))
    .sort((left, right) => compareText(left.name, right.name));
}

function missingPackage(catalog: Catalog, name: string): PackageFinding {
  const meant = closestWord(name, catalog.packageNames);
  return {
    path: ['name'],
    message: `the catalog ${catalog.name} has no package "${name}"`,
    hint:
      meant === undefined
        ? 'List the packages of the catalog with: imageset list operators --catalog CATALOG'
        : `Did you mean "${meant}"?`,
  };
}

/** Missing packages are warned of beside others; where they are all, they are the problem (3.7, E2). */
function nothingLeft(catalog: Catalog, warnings: readonly SelectionFinding[]): SelectionFailure {
  if (warnings.length > 0) return new SelectionFailure(catalog.name, warnings, []);
  const finding = {
    path: [],
    message: 'the catalog has no packages',
    hint: 'Take this catalog out of the image set, or ask its publisher.',
  };
  return new SelectionFailure(catalog.name, [finding], []);
}
