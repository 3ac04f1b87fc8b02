import type { PackageFinding, PackageRequest } from './package-request.ts';
import { boundsOf } from './version-range.ts';

/** Two wishes that exclude each other in one package (spec, operator-catalogs, 3.3, rows 4.1, 4.2; 3.7, E28). */
export function findConflicts(
  packageName: string,
  { full, entry }: PackageRequest,
): readonly PackageFinding[] {
  if (entry === undefined) return [];
  const { channels = [], bundles = [] } = entry;
  const ranged = channels.findIndex((channel) => boundsOf(channel) !== undefined);
  const hasRange = boundsOf(entry) !== undefined || ranged >= 0;
  const rangePath = boundsOf(entry) === undefined ? ['channels', ranged] : [];
  const findings: PackageFinding[] = [];
  if (full && hasRange) {
    findings.push({
      path: rangePath,
      message: `package "${packageName}": full: true cannot be mixed with minVersion and maxVersion`,
      hint: 'Remove full, or take the versions out.',
    });
  }
  if (bundles.length > 0 && full) {
    findings.push({
      path: ['bundles'],
      message: `package "${packageName}": full: true cannot be mixed with bundles`,
      hint: 'Remove full, or take the bundles out.',
    });
  }
  if (bundles.length > 0 && (channels.length > 0 || hasRange)) {
    findings.push({
      path: ['bundles'],
      message: `package "${packageName}": bundles cannot be mixed with channels, minVersion and maxVersion`,
      hint: 'Keep the bundles, or the channels and versions.',
    });
  }
  return findings;
}
