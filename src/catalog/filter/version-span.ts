import { type BundleVersion, compareBundleVersions } from '../validate/bundle-version.ts';

const SHOWN = 6;

/** The versions in ascending order, of many the first and the last: `1.0.0, 1.1.0` or `1.0.0 … 2.1.0 (31 versions)`. */
export function describeVersions(versions: Iterable<BundleVersion>): string {
  const sorted = [...versions].sort(compareBundleVersions).map(({ text }) => text);
  if (sorted.length <= SHOWN) return sorted.join(', ');
  return `${sorted[0] ?? ''} … ${sorted.at(-1) ?? ''} (${sorted.length} versions)`;
}
