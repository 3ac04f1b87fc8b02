import type { CatalogPackage } from '../catalog-package.ts';
import { type BundleVersion, parseBundleVersion } from '../validate/bundle-version.ts';
import { listNames } from '../validate/name-list.ts';
import type { PackageFinding } from './package-request.ts';

/**
 * The version of every bundle by its name. All bundles of the package need one, wanted or not: the channel
 * graphs lead over any of them (spec, operator-catalogs, 3.3, step 2).
 */
export function readVersions(source: CatalogPackage): {
  readonly versions: ReadonlyMap<string, BundleVersion>;
  readonly problems: readonly PackageFinding[];
} {
  const versions = new Map<string, BundleVersion>();
  const unversioned: string[] = [];
  for (const { name, packages } of source.bundles) {
    const version = parseBundleVersion(packages[0]?.version ?? '');
    if (version === undefined) unversioned.push(name);
    else versions.set(name, version);
  }
  if (unversioned.length === 0) return { versions, problems: [] };
  return {
    versions,
    problems: [
      {
        path: [],
        message: `package "${source.name}": no version can be read of ${listNames(unversioned)}`,
        hint: 'The catalog itself is broken: each bundle needs an olm.package property with a semantic version, e.g. 1.2.3. Leave the package out, or ask the publisher of the catalog.',
      },
    ],
  };
}
