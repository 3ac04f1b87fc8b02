import { closestWord } from '../../base/closest-word.ts';
import { listNames } from '../validate/name-list.ts';
import type { PackageWork, WantedChannel } from './package-request.ts';
import { boundsOf } from './version-range.ts';

/** The listed channels, or all; one that the package does not have is warned of (spec, operator-catalogs, 3.3, step 1). */
export function selectChannels({
  source,
  request,
  warnings,
}: PackageWork): readonly WantedChannel[] {
  const { entry } = request;
  const ofPackage = boundsOf(entry ?? {});
  const listed = entry?.channels ?? [];
  if (listed.length === 0) {
    const bounds = ofPackage === undefined ? {} : { bounds: ofPackage };
    return source.channels.map((channel) => ({ channel, path: [], ...bounds }));
  }
  const names = source.channels.map(({ name }) => name);
  for (const [index, { name }] of listed.entries()) {
    if (names.includes(name)) continue;
    const meant = closestWord(name, names);
    warnings.push({
      path: ['channels', index, 'name'],
      message: `package "${source.name}" has no channel "${name}"`,
      hint: meant === undefined ? `It has ${listNames(names)}.` : `Did you mean "${meant}"?`,
    });
  }
  return source.channels.flatMap((channel) => {
    const index = listed.findIndex(({ name }) => name === channel.name);
    const own = listed[index];
    if (own === undefined) return [];
    const ofChannel = boundsOf(own);
    const bounds = ofChannel ?? ofPackage;
    const path = ofChannel === undefined && ofPackage !== undefined ? [] : ['channels', index];
    return [{ channel, path, ...(bounds === undefined ? {} : { bounds }) }];
  });
}
