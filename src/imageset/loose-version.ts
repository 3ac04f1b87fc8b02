import { parse } from 'semver';

const LOOSE = /^v?(\d{1,15})(?:\.(\d{1,15})(?:\.(\d{1,15})([-+].*)?)?)?$/;

/**
 * A version of an operator as people may write it, `1`, `1.2`, `v1.2.3`, `1.02`, in strict form (`1.0.0`);
 * undefined if it is none. Spec, config-and-outputs, 1.5: "lenient semver".
 */
export function parseLooseVersion(text: string): string | undefined {
  const match = LOOSE.exec(text.trim());
  if (match === null) return undefined;
  const [, major = '0', minor = '0', patch = '0', rest = ''] = match;
  const numbers = [major, minor, patch].map((digits) => digits.replace(/^0+(?=\d)/, ''));
  const version = parse(`${numbers.join('.')}${rest}`);
  return version === null ? undefined : version.raw;
}
