import { ControllerError } from '../../base/controller-error.ts';
import { parseLooseVersion } from '../../imageset/loose-version.ts';
import {
  type BundleVersion,
  compareBundleVersions,
  compareNumbers,
  parseBundleVersion,
} from '../validate/bundle-version.ts';

/** The bounds of a package or channel entry, as people write them: `1.2.0`, `v1.2`, `0.9`. */
export interface VersionBounds {
  readonly minVersion?: string;
  readonly maxVersion?: string;
}

export interface VersionRange {
  readonly bounds: VersionBounds;
  /** Whether a bound has a pre-release: without one, no pre-release is in the range. */
  readonly admitsPrereleases: boolean;
  readonly matches: (version: BundleVersion) => boolean;
}

interface Bound {
  readonly version: BundleVersion;
  /** How many numbers were written: `0.9` has 2. */
  readonly numbers: number;
}

/** Undefined where there is no bound. */
export function boundsOf({ minVersion, maxVersion }: VersionBounds): VersionBounds | undefined {
  if (minVersion === undefined && maxVersion === undefined) return undefined;
  return {
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
  };
}

/** One version is written in both bounds: it and nothing else is wanted (spec, operator-catalogs, 3.3, row 4.5). */
export function isPin({ minVersion, maxVersion }: VersionBounds): boolean {
  return minVersion !== undefined && minVersion.trim() === maxVersion?.trim();
}

/**
 * The range of the bounds (spec, operator-catalogs, 3.4, "Range matching"). Build metadata does not count; a
 * partial upper bound is a prefix, a partial lower one is filled up with zeros.
 * @throws ControllerError IMAGESET_INVALID for a bound that is no version.
 */
export function readVersionRange(bounds: VersionBounds): VersionRange {
  const min = bounds.minVersion === undefined ? undefined : readBound(bounds.minVersion);
  const max = bounds.maxVersion === undefined ? undefined : readBound(bounds.maxVersion);
  const admitsPrereleases = [min, max].some((bound) => isPrerelease(bound?.version));
  return {
    bounds,
    admitsPrereleases,
    matches: (version) => {
      if (isPrerelease(version) && !admitsPrereleases) return false;
      if (min !== undefined && compareBundleVersions(version, min.version) < 0) return false;
      return max === undefined || isAtMost(version, max);
    },
  };
}

/** The bounds to write so that pre-releases count: `4.8.0-0` instead of `4.8.0`. */
export function withPrereleases(bounds: VersionBounds): VersionBounds {
  if (bounds.minVersion === undefined) return { ...bounds, minVersion: '0.0.0-0' };
  const { major, minor, patch } = readBound(bounds.minVersion).version;
  return { ...bounds, minVersion: `${major}.${minor}.${patch}-0` };
}

/** `minVersion: 1.1.0, maxVersion: 1.2.0`, as it is written in an image set. */
export function formatBounds({ minVersion, maxVersion }: VersionBounds): string {
  const parts = [
    ...(minVersion === undefined ? [] : [`minVersion: ${minVersion}`]),
    ...(maxVersion === undefined ? [] : [`maxVersion: ${maxVersion}`]),
  ];
  return parts.join(', ');
}

/** The version that a loose text means: `0.9` is 0.9.0. */
export function readLooseVersion(text: string): BundleVersion {
  return readBound(text).version;
}

function readBound(text: string): Bound {
  const strict = parseLooseVersion(text);
  const version = strict === undefined ? undefined : parseBundleVersion(strict);
  if (version === undefined) {
    const message = `"${text.slice(0, 100)}" is no version`;
    const hint = 'Write it like 1.2.3.';
    throw new ControllerError('IMAGESET_INVALID', message, { remedy: 'wait-for-change', hint });
  }
  const [core = ''] = text.trim().split(/[-+]/);
  return { version, numbers: core.split('.').length };
}

function isPrerelease(version: BundleVersion | undefined): boolean {
  return version !== undefined && version.prerelease.length > 0;
}

function isAtMost(version: BundleVersion, { version: max, numbers }: Bound): boolean {
  if (numbers >= 3) return compareBundleVersions(version, max) <= 0;
  const major = compareNumbers(version.major, max.major);
  if (major !== 0 || numbers === 1) return major <= 0;
  return compareNumbers(version.minor, max.minor) <= 0;
}
