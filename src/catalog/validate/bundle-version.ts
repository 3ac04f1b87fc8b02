/** The version of a bundle: strict semver (spec, operator-catalogs, 1.6, V8), with numbers of up to 64 bits. */
export interface BundleVersion {
  /** As written. */
  readonly text: string;
  /** Decimal digits without leading zeros: a date as a number may be beyond what a double holds. */
  readonly major: string;
  readonly minor: string;
  readonly patch: string;
  readonly prerelease: readonly string[];
  /** Without the `+`; '' where there is none. */
  readonly build: string;
}

const STRICT = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/;
const NUMERIC = /^\d+$/;
const LARGEST = '18446744073709551615';

/** Undefined for what is no strict semver: `v1.0.0`, `1.0`, `01.0.0`. */
export function parseBundleVersion(text: string): BundleVersion | undefined {
  const match = STRICT.exec(text);
  if (match === null) return undefined;
  const [, major = '', minor = '', patch = '', suffix, build = ''] = match;
  const prerelease = suffix === undefined ? [] : suffix.split('.');
  if (![major, minor, patch].every(isNumber)) return undefined;
  if (!prerelease.every(isIdentifier)) return undefined;
  if (build !== '' && build.split('.').includes('')) return undefined;
  return { text, major, minor, patch, prerelease, build };
}

/** An identifier of a pre-release or release: letters, digits and hyphens; a number without leading zeros. */
export function isIdentifier(text: string): boolean {
  return NUMERIC.test(text) ? isNumber(text) : /^[0-9A-Za-z-]+$/.test(text);
}

/** The order of semver: build metadata does not count. */
export function compareBundleVersions(left: BundleVersion, right: BundleVersion): number {
  return (
    compareNumbers(left.major, right.major) ||
    compareNumbers(left.minor, right.minor) ||
    compareNumbers(left.patch, right.patch) ||
    comparePrereleases(left.prerelease, right.prerelease)
  );
}

/** Both are decimal digits without leading zeros. */
export function compareNumbers(left: string, right: string): number {
  return left.length - right.length || compareCharacters(left, right);
}

function comparePrereleases(left: readonly string[], right: readonly string[]): number {
  if (left.length === 0 || right.length === 0) return right.length - left.length;
  for (const [index, one] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const order = compareIdentifiers(one, other);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareIdentifiers(left: string, right: string): number {
  const isLeftNumber = NUMERIC.test(left);
  const isRightNumber = NUMERIC.test(right);
  if (isLeftNumber && isRightNumber) return compareNumbers(left, right);
  if (isLeftNumber !== isRightNumber) return isLeftNumber ? -1 : 1;
  return compareCharacters(left, right);
}

function compareCharacters(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function isNumber(digits: string): boolean {
  if (digits.startsWith('0') && digits !== '0') return false;
  return compareNumbers(digits, LARGEST) <= 0;
}
