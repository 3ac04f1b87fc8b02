import { type BundleVersion, compareBundleVersions, parseBundleVersion } from './bundle-version.ts';

/** Whether a version is in a range. Pre-releases have no rule of their own here: they are versions as all others. */
export type OlmRange = (version: BundleVersion) => boolean;

const COMPARATOR = /^(<=?|>=?|==?|!=?)?(\d\S*)$/;
const WILDCARD = /^(\d+)(?:\.(\d+))?\.x(?:\.x)?$/;

/**
 * A range as OLM reads `skipRange` and the `versionRange` of a required package (spec, operator-catalogs, 1.6, V16):
 * comparators `=`, `==` (or none), `!`, `!=`, `<`, `<=`, `>`, `>=` before a version or a wildcard
 * (`1.x`, `1.2.x`), all of which hold; `||` between spaces for alternatives. Undefined for what is no range.
 */
export function parseOlmRange(text: string): OlmRange | undefined {
  const alternatives: OlmRange[][] = [[]];
  // Spaces may stand between a comparator and its version.
  const parts = text.replaceAll(/([<>=]) +/g, '$1').split(' ');
  for (const part of parts.filter((one) => one !== '')) {
    if (part === '||') {
      alternatives.push([]);
      continue;
    }
    const comparator = parseComparator(part);
    if (comparator === undefined) return undefined;
    alternatives.at(-1)?.push(comparator);
  }
  if (alternatives.some(({ length }) => length === 0)) return undefined;
  return (version) =>
    alternatives.some((comparators) => comparators.every((matches) => matches(version)));
}

function parseComparator(text: string): OlmRange | undefined {
  const match = COMPARATOR.exec(text);
  if (match === null) return undefined;
  const [, operator = '=', operand = ''] = match;
  const interval = parseOperand(operand);
  if (interval === undefined) return undefined;
  const { from, isBelowEnd } = interval;
  const isFrom: OlmRange = (version) => compareBundleVersions(version, from) >= 0;
  switch (operator) {
    case '<':
      return (version) => !isFrom(version);
    case '<=':
      return isBelowEnd;
    case '>':
      return (version) => !isBelowEnd(version);
    case '>=':
      return isFrom;
    case '!':
    case '!=':
      return (version) => !(isFrom(version) && isBelowEnd(version));
    default:
      return (version) => isFrom(version) && isBelowEnd(version);
  }
}

/** All that an operand stands for: one version, or with a wildcard everything from `1.2.0` to below `1.3.0`. */
interface Interval {
  readonly from: BundleVersion;
  readonly isBelowEnd: OlmRange;
}

function parseOperand(text: string): Interval | undefined {
  const wildcard = WILDCARD.exec(text);
  if (wildcard === null) {
    const version = parseBundleVersion(text);
    if (version === undefined) return undefined;
    return {
      from: version,
      isBelowEnd: (other) => compareBundleVersions(other, version) <= 0,
    };
  }
  const [, major = '', minor] = wildcard;
  const end = minor === undefined ? `${next(major)}.0.0` : `${major}.${next(minor)}.0`;
  const from = parseBundleVersion(`${major}.${minor ?? '0'}.0`);
  const to = parseBundleVersion(end);
  if (from === undefined || to === undefined) return undefined;
  return { from, isBelowEnd: (other) => compareBundleVersions(other, to) < 0 };
}

function next(digits: string): string {
  return (BigInt(digits) + 1n).toString();
}
