import { SemVer, compareBuild } from 'semver';

/** Strict SemVer 2, as update graphs have it: three numbers, no `v`, nothing around (spec, releases-helm, 1.3). */
export function parseReleaseVersion(text: string): SemVer | undefined {
  if (!/^\d[\w.+-]*$/.test(text)) return undefined;
  try {
    return new SemVer(text);
  } catch {
    return undefined;
  }
}

/** SemVer order; build metadata, which that leaves out, decides among equals, so that every order is one. */
export function compareReleases(a: SemVer, b: SemVer): number {
  return compareBuild(a, b);
}
