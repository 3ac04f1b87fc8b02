import { compare, parse } from 'semver';
import { compareText } from '../base/compare-text.ts';

/** What the tag of a payload says: `4.18.9-x86_64` is version 4.18.9 for x86_64. */
export interface ReleaseName {
  /** SemVer, or whatever is written where that is. */
  readonly version: string;
  /** As the tags of releases name it; absent where the tag says nothing of it, like those of OKD. */
  readonly architecture?: string;
}

const ARCHITECTURE = /-(x86_64|aarch64|ppc64le|s390x|multi)$/;

/** Source: spec, releases-helm, 1.8 and 2.3. */
export function parseReleaseName(release: string): ReleaseName {
  const [suffix, architecture] = ARCHITECTURE.exec(release) ?? [];
  if (suffix === undefined || architecture === undefined) return { version: release };
  return { version: release.slice(0, -suffix.length), architecture };
}

/** By version, then by name; names without a version that can be read come last. */
export function compareReleaseNames(a: string, b: string): number {
  const [left, right] = [parse(parseReleaseName(a).version), parse(parseReleaseName(b).version)];
  if (left !== null && right !== null) return compare(left, right) || compareText(a, b);
  return Number(left === null) - Number(right === null) || compareText(a, b);
}
