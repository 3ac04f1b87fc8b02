import { closestWord } from '../../base/closest-word.ts';
import type { FieldPath } from '../../base/field-path.ts';
import { findPinned } from '../../catalog/filter/choose-pinned.ts';
import {
  type VersionBounds,
  boundsOf,
  formatBounds,
  isPin,
  readLooseVersion,
  readVersionRange,
  withPrereleases,
} from '../../catalog/filter/version-range.ts';
import { describeVersions } from '../../catalog/filter/version-span.ts';
import { type BundleVersion, parseBundleVersion } from '../../catalog/validate/bundle-version.ts';
import { listNames } from '../../catalog/validate/name-list.ts';
import type { OperatorPackage } from '../../imageset/operators-content.ts';
import type { LockedBundle } from '../../lock/lock.ts';

/** Something that an entry asks for and that nothing is. */
export interface ChoiceFinding {
  /** Below the entry of the package. */
  readonly path: FieldPath;
  readonly message: string;
  readonly hint: string;
}

export interface PackageChoice {
  readonly bundles: readonly LockedBundle[];
  readonly findings: readonly ChoiceFinding[];
}

/**
 * The bundles of a package that an entry of a delete file names. A lock has no upgrade graph: a range means the versions
 * in it and nothing else, and without versions everything is meant, not the heads (design.md, section 5, "Deletes").
 * @param all the bundles of the catalog.
 */
export function choosePackage(entry: OperatorPackage, all: readonly LockedBundle[]): PackageChoice {
  const bundles = all.filter((bundle) => bundle.package === entry.name);
  if (bundles.length === 0) return { bundles: [], findings: [missingPackage(entry, all)] };
  if ((entry.bundles ?? []).length > 0) return chooseByName(entry, bundles);
  const parts = partsOf(entry);
  const chosen = new Set<LockedBundle>();
  const findings: ChoiceFinding[] = [];
  for (const { channel, path, bounds } of parts) {
    const there =
      channel === undefined
        ? bundles
        : bundles.filter(({ channels }) => channels.includes(channel));
    if (there.length === 0) {
      findings.push(missingChannel(entry, channel ?? '', path, bundles));
      continue;
    }
    const inRange = bounds === undefined ? there : chooseRange(bounds, there);
    for (const bundle of inRange) chosen.add(bundle);
    if (bounds !== undefined && inRange.length === 0)
      findings.push(emptyRange(entry, bounds, path, there));
  }
  return { bundles: bundles.filter((bundle) => chosen.has(bundle)), findings };
}

interface Part {
  readonly channel: string | undefined;
  readonly path: FieldPath;
  readonly bounds: VersionBounds | undefined;
}

/** A range of the package counts in each of its channels. */
function partsOf(entry: OperatorPackage): Part[] {
  const bounds = boundsOf(entry);
  const channels = entry.channels ?? [];
  if (channels.length === 0) return [{ channel: undefined, path: [], bounds }];
  return channels.map((channel, index) => {
    return {
      channel: channel.name,
      path: ['channels', index],
      bounds: boundsOf(channel) ?? bounds,
    };
  });
}

function chooseByName(entry: OperatorPackage, bundles: readonly LockedBundle[]): PackageChoice {
  const asked = entry.bundles ?? [];
  const names = new Set(asked.map(({ name }) => name));
  const known = new Set(bundles.map(({ bundle }) => bundle));
  const findings = asked.flatMap(({ name }, index): ChoiceFinding[] => {
    if (known.has(name)) return [];
    const path = ['bundles', index, 'name'];
    const message = `bundle "${name}" of package "${entry.name}" is not mirrored here`;
    return [{ path, message, hint: hintOf(name, known) }];
  });
  return { bundles: bundles.filter(({ bundle }) => names.has(bundle)), findings };
}

function chooseRange(bounds: VersionBounds, bundles: readonly LockedBundle[]): LockedBundle[] {
  const versions = versionsOf(bundles);
  const isChosen = isPin(bounds) ? pinned(bounds, versions) : inRange(bounds, versions);
  return bundles.filter(({ bundle }) => isChosen.has(bundle));
}

/** Of versions that differ in their build metadata alone the one that is written, if there is one. */
function pinned(
  { minVersion = '' }: VersionBounds,
  versions: ReadonlyMap<string, BundleVersion>,
): ReadonlySet<string> {
  const matches = findPinned(minVersion, versions);
  const { text } = readLooseVersion(minVersion);
  const exact = matches.filter((name) => versions.get(name)?.text === text);
  return new Set(exact.length > 0 ? exact : matches);
}

function inRange(
  bounds: VersionBounds,
  versions: ReadonlyMap<string, BundleVersion>,
): ReadonlySet<string> {
  const { matches } = readVersionRange(bounds);
  return new Set([...versions].filter(([, version]) => matches(version)).map(([name]) => name));
}

/** By name; a bundle whose version cannot be read is in no range. */
function versionsOf(bundles: readonly LockedBundle[]): Map<string, BundleVersion> {
  return new Map(
    bundles.flatMap(({ bundle, version }) => {
      const read = parseBundleVersion(version);
      return read === undefined ? [] : [[bundle, read] as const];
    }),
  );
}

function missingPackage({ name }: OperatorPackage, all: readonly LockedBundle[]): ChoiceFinding {
  const known = new Set(all.map((bundle) => bundle.package));
  const message = `nothing of package "${name}" is mirrored here`;
  return { path: ['name'], message, hint: hintOf(name, known) };
}

function missingChannel(
  { name }: OperatorPackage,
  channel: string,
  path: FieldPath,
  bundles: readonly LockedBundle[],
): ChoiceFinding {
  const known = new Set(bundles.flatMap(({ channels }) => channels));
  const message = `nothing of channel "${channel}" of package "${name}" is mirrored here`;
  return { path: [...path, 'name'], message, hint: hintOf(channel, known) };
}

function emptyRange(
  { name }: OperatorPackage,
  bounds: VersionBounds,
  path: FieldPath,
  bundles: readonly LockedBundle[],
): ChoiceFinding {
  const versions = versionsOf(bundles);
  const wider = withPrereleases(bounds);
  const hidden = !isPin(bounds) && inRange(wider, versions).size > 0;
  return {
    path,
    message: `no version of package "${name}" that is mirrored here is in the range ${formatBounds(bounds)}`,
    hint: hidden
      ? `Write ${formatBounds(wider)} to name pre-releases too.`
      : `There are ${describeVersions(versions.values())}.`,
  };
}

function hintOf(name: string, known: ReadonlySet<string>): string {
  const meant = closestWord(name, [...known]);
  if (meant !== undefined) return `Did you mean "${meant}"?`;
  return known.size === 0 ? 'The lock has none.' : `The lock has ${listNames(known)}.`;
}
