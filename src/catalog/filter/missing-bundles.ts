import { closestWord } from '../../base/closest-word.ts';
import { listNames } from '../validate/name-list.ts';
import type { PackageWork } from './package-request.ts';

/** Warns of selected bundles that no channel of the package has. */
export function reportMissingBundles({ source, request, warnings }: PackageWork): void {
  const names = new Set(source.channels.flatMap(({ entries }) => entries.map(({ name }) => name)));
  for (const [index, { name }] of (request.entry?.bundles ?? []).entries()) {
    if (names.has(name)) continue;
    const meant = closestWord(name, [...names]);
    warnings.push({
      path: ['bundles', index, 'name'],
      message: `package "${source.name}" has no bundle "${name}" in its channels`,
      hint: meant === undefined ? `They have ${listNames(names)}.` : `Did you mean "${meant}"?`,
    });
  }
}
