import type { Catalog } from '../catalog.ts';
import type { Api, CatalogPackage } from '../catalog-package.ts';
import type { SelectionFinding } from '../catalog-selection.ts';
import { type BundleVersion, parseBundleVersion } from '../validate/bundle-version.ts';
import { listNames } from '../validate/name-list.ts';
import { parseOlmRange } from '../validate/olm-range.ts';
import { findApiProviders, keyOfApi } from './api-providers.ts';
import { describeVersions } from './version-span.ts';

/** What bundles of one package need and the result has not. */
interface Unmet {
  readonly requiredBy: string;
  readonly bundles: Set<string>;
  readonly need:
    | { readonly kind: 'api'; readonly api: Api }
    | { readonly kind: 'package'; readonly packageName: string; readonly versionRange: string };
}

/**
 * Warnings for required packages and APIs (`olm.package.required`, `olm.gvk.required`) that the selected bundles
 * do not provide, with what to add. Nothing is added by itself (spec, operator-catalogs, 1.4). Only where an API
 * is missing are all packages of the catalog looked over, once and one at a time.
 */
export async function findUnmetRequirements(
  catalog: Catalog,
  packages: readonly CatalogPackage[],
  indexes: ReadonlyMap<string, number | undefined>,
  signal: AbortSignal,
): Promise<readonly SelectionFinding[]> {
  const versions = new Map(packages.map((one) => [one.name, versionsOf(one)]));
  const unmet = [...collectUnmet(packages, versions)];
  const apis = unmet.flatMap(({ need }) => (need.kind === 'api' ? [need.api] : []));
  const providers = await findApiProviders(catalog, apis, signal);
  return unmet.map(({ requiredBy, bundles, need }) => {
    const index = indexes.get(requiredBy);
    const what =
      need.kind === 'api'
        ? `the API ${describeApi(need.api)}`
        : `the package "${need.packageName}" in ${need.versionRange}`;
    const verb = bundles.size === 1 ? 'requires' : 'require';
    return {
      ...(index === undefined ? {} : { package: index }),
      path: [],
      message: `package "${requiredBy}": ${listNames(bundles)} ${verb} ${what}, which nothing that is selected provides`,
      hint:
        need.kind === 'api'
          ? adviceForApi(providers.get(keyOfApi(need.api)) ?? new Set())
          : adviceForPackage(catalog, need, versions.get(need.packageName)),
    };
  });
}

function versionsOf({ bundles }: CatalogPackage): readonly BundleVersion[] {
  return bundles.flatMap(({ packages }) => parseBundleVersion(packages[0]?.version ?? '') ?? []);
}

function collectUnmet(
  packages: readonly CatalogPackage[],
  versions: ReadonlyMap<string, readonly BundleVersion[]>,
): Iterable<Unmet> {
  const provided = new Set(
    packages.flatMap(({ bundles }) =>
      bundles.flatMap((bundle) => bundle.providedApis.map(keyOfApi)),
    ),
  );
  const found = new Map<string, Unmet>();
  const note = (requiredBy: string, bundle: string, need: Unmet['need']): void => {
    const key = JSON.stringify([requiredBy, need]);
    const known = found.get(key);
    if (known === undefined) found.set(key, { requiredBy, bundles: new Set([bundle]), need });
    else known.bundles.add(bundle);
  };
  for (const { name, bundles } of packages) {
    for (const bundle of bundles) {
      for (const { group, version, kind } of bundle.requiredApis) {
        const api = { group, version, kind };
        if (!provided.has(keyOfApi(api))) note(name, bundle.name, { kind: 'api', api });
      }
      for (const { packageName, versionRange } of bundle.requiredPackages) {
        if (isMet(versionRange, versions.get(packageName))) continue;
        note(name, bundle.name, { kind: 'package', packageName, versionRange });
      }
    }
  }
  return found.values();
}

function isMet(versionRange: string, versions: readonly BundleVersion[] = []): boolean {
  // A range that cannot be read is the publisher's fault; the package itself is all that can be asked for.
  return versions.some(parseOlmRange(versionRange) ?? (() => true));
}

function adviceForPackage(
  catalog: Catalog,
  { packageName, versionRange }: { readonly packageName: string; readonly versionRange: string },
  selected: readonly BundleVersion[] = [],
): string {
  if (selected.length > 0) {
    return `Select versions of the package "${packageName}" in ${versionRange}; selected are ${describeVersions(selected)}.`;
  }
  if (catalog.packageNames.includes(packageName)) {
    return `Add the package "${packageName}" of this catalog, with versions in ${versionRange}.`;
  }
  return `No package of this catalog is called "${packageName}"; it may be in another one.`;
}

function adviceForApi(providers: ReadonlySet<string>): string {
  if (providers.size === 0) return 'No package of this catalog provides it; one of another may.';
  if (providers.size === 1) return `Add the package ${listNames(providers)} of this catalog.`;
  return `Add one of the packages ${listNames(providers)} of this catalog.`;
}

function describeApi({ group, version, kind }: Api): string {
  return `${kind} (${group === '' ? version : `${group}/${version}`})`;
}
