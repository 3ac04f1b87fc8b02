import { compare, parse } from 'semver';
import { compareText } from '../base/compare-text.ts';

/** What the tag of a payload says: `4.18.9-x86_64` is version 4.18.9 for amd64. */
export interface ReleaseName {
  /** SemVer, or whatever is written where that is. */
  readonly version: string;
  /** In Go's naming, or `multi`; absent where the tag says nothing of it, like those of OKD. */
  readonly architecture?: string;
}

/** What architectures are called in the tags of releases (spec, releases-helm, 1.8). */
const ARCHITECTURES = {
  x86_64: 'amd64',
  aarch64: 'arm64',
  ppc64le: 'ppc64le',
  s390x: 's390x',
  multi: 'multi',
} as const;

/** Source: spec, releases-helm, 1.8 and 2.3. */
export function parseReleaseName(release: string): ReleaseName {
  const dash = release.lastIndexOf('-');
  const suffix = release.slice(dash + 1);
  const found = Object.entries(ARCHITECTURES).find(([name]) => name === suffix);
  if (found === undefined || dash <= 0) return { version: release };
  return { version: release.slice(0, dash), architecture: found[1] };
}

/** By version, then by name; names without a version that can be read come last. */
export function compareReleaseNames(a: string, b: string): number {
  const [left, right] = [parse(parseReleaseName(a).version), parse(parseReleaseName(b).version)];
  if (left !== null && right !== null) return compare(left, right) || compareText(a, b);
  return Number(left === null) - Number(right === null) || compareText(a, b);
}
