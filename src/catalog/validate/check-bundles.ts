import type { CatalogBundle, CatalogPackage, PackageProperty } from '../catalog-package.ts';
import { isIdentifier, parseBundleVersion } from './bundle-version.ts';
import { duplicatesOf } from './duplicates.ts';
import { listNames } from './name-list.ts';

/** Of the ClusterServiceVersion's field. */
const LONGEST_RELEASE = 20;

/** The bundles of a package: V6 to V8, V10 and V17. */
export function* checkBundles({ name, channels, bundles }: CatalogPackage): Generator<string> {
  for (const duplicate of duplicatesOf(bundles.map((bundle) => bundle.name))) {
    yield `package "${name}": there are several bundles "${duplicate}"; keep one`;
  }
  const entries = new Set(channels.flatMap((channel) => channel.entries.map((one) => one.name)));
  for (const bundle of bundles) {
    const where = `package "${name}", bundle "${bundle.name}"`;
    if (bundle.name === '') yield `${where}: the name is empty; give it one`;
    if (!entries.has(bundle.name)) {
      yield `${where}: no channel has an entry for it; add one, or take the bundle out`;
    }
    for (const problem of checkProperties(bundle, name)) yield `${where}: ${problem}`;
  }
  yield* checkDuplicateVersions(name, bundles);
}

function* checkProperties(bundle: CatalogBundle, packageName: string): Generator<string> {
  yield* bundle.propertyFaults;
  const [property, ...more] = bundle.packages;
  if (property === undefined || more.length > 0) {
    yield `it has ${bundle.packages.length} olm.package properties; it needs one`;
    return;
  }
  if (property.packageName !== packageName) {
    yield `its olm.package property names the package "${property.packageName}"; write "${packageName}"`;
  }
  const version = parseBundleVersion(property.version);
  if (version === undefined) {
    yield `its version "${property.version.slice(0, 100)}" is no semantic version; write it like 1.2.3`;
    return;
  }
  const { release = '' } = property;
  if (release === '') return;
  if (release.length > LONGEST_RELEASE || !release.split('.').every(isIdentifier)) {
    yield `its release "${release.slice(0, 100)}" is none; use words of letters, digits and "-" joined by ".", at most ${LONGEST_RELEASE} characters`;
  }
  if (version.build !== '') {
    yield `it has a release, and its version ${version.text} has build metadata too; keep one of them`;
  }
  const wanted = `${packageName}-v${version.text}-${release}`;
  if (bundle.name !== wanted) yield `it has a release, so its name has to be "${wanted}"`;
}

function* checkDuplicateVersions(
  packageName: string,
  bundles: readonly CatalogBundle[],
): Generator<string> {
  const namesByVersion = new Map<string, Set<string>>();
  for (const { name, packages } of bundles) {
    const [property] = packages;
    if (property === undefined) continue;
    const version = versionText(property);
    const names = namesByVersion.get(version);
    if (names === undefined) namesByVersion.set(version, new Set([name]));
    else names.add(name);
  }
  for (const [version, names] of namesByVersion) {
    if (names.size < 2) continue;
    yield `package "${packageName}": duplicate versions: ${listNames(names)} have the version ${version.slice(0, 100)}; keep one`;
  }
}

function versionText({ version, release = '' }: PackageProperty): string {
  return release === '' ? version : `${version}-${release}`;
}
