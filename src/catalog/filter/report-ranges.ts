import { listNames } from '../validate/name-list.ts';
import { describeHidden, findHiddenPrereleases } from './hidden-prereleases.ts';
import type { PackageWork } from './package-request.ts';
import { groupByRange } from './range-groups.ts';
import { type ChannelOutcome, pathOfBounds } from './select-in-channels.ts';

/** Warns of bundles that are kept though no range has them: their channel would fall apart without them. */
export function reportOutOfRange(
  { source, warnings }: PackageWork,
  channels: readonly ChannelOutcome[],
): void {
  const [first] = groupByRange(channels.filter(({ outOfRange }) => outOfRange.length > 0));
  if (first === undefined) return;
  const names = new Set(channels.flatMap(({ outOfRange }) => outOfRange));
  warnings.push({
    path: pathOfBounds(first.path, first.bounds),
    message: `package "${source.name}": ${listNames(names)} ${names.size === 1 ? 'is' : 'are'} out of range and taken all the same, since the upgrade graph leads over ${names.size === 1 ? 'it' : 'them'} to versions in range`,
    hint: 'Widen the range to have them in it, or narrow it to do without.',
  });
}

/** Warns of pre-releases that only the form of the bounds leaves out. */
export function reportHiddenPrereleases(
  { source, versions, warnings }: PackageWork,
  channels: readonly ChannelOutcome[],
): void {
  const kept = new Set(channels.flatMap(({ names }) => [...names]));
  for (const { path, bounds, outcomes } of groupByRange(channels)) {
    const all = outcomes.map(({ wanted }) => wanted.channel);
    const hidden = findHiddenPrereleases(bounds, all, versions);
    const names = hidden?.names.filter((name) => !kept.has(name)) ?? [];
    if (hidden === undefined || names.length === 0) continue;
    warnings.push({
      path: pathOfBounds(path, bounds),
      message: `package "${source.name}": the range leaves pre-releases out`,
      hint: describeHidden({ ...hidden, names }),
    });
  }
}
