import { listNames } from '../validate/name-list.ts';
import { describeHidden, findHiddenPrereleases } from './hidden-prereleases.ts';
import type { PackageWork } from './package-request.ts';
import { groupByRange } from './range-groups.ts';
import { type ChannelOutcome, pathOfBounds } from './select-in-channels.ts';
import { formatBounds } from './version-range.ts';
import { describeVersions } from './version-span.ts';

/**
 * Channels of which nothing is kept: an error for the default channel that the result will have, a warning for
 * another one, which goes (spec, operator-catalogs, 3.3, step 5; 3.7, Q1 and Q2 settled). That channels
 * without a selected bundle go is what selecting bundles means, and needs no warning.
 */
export function judgeEmptyChannels(
  work: PackageWork,
  channels: readonly ChannelOutcome[],
  defaultChannel: string | undefined,
): void {
  const empty = channels.filter(({ names }) => names.size === 0);
  for (const outcome of empty) {
    if (outcome.wanted.channel.name === defaultChannel) reportDefault(work, outcome, channels);
  }
  const others = empty.filter(({ wanted }) => wanted.channel.name !== defaultChannel);
  for (const { path, bounds, outcomes } of groupByRange(others)) {
    const names = listNames(outcomes.map(({ wanted }) => wanted.channel.name));
    const what = outcomes.length === 1 ? `channel ${names} has` : `channels ${names} have`;
    work.warnings.push({
      path: pathOfBounds(path, bounds),
      message: `package "${work.source.name}": the ${what} no version in the range ${formatBounds(bounds)}, and will not be in the catalog`,
      hint: 'Change the range, or select the channels that you need.',
    });
  }
}

function reportDefault(
  work: PackageWork,
  { wanted }: ChannelOutcome,
  channels: readonly ChannelOutcome[],
): void {
  const { bounds, channel, path } = wanted;
  const where = `package "${work.source.name}"`;
  if (bounds === undefined) {
    work.problems.push({
      path: ['bundles'],
      message: `${where}: none of the selected bundles is in the default channel "${channel.name}"`,
      hint: adviceFor(work, wanted, channels),
    });
    return;
  }
  work.problems.push({
    path: pathOfBounds(path, bounds),
    message: `${where}: the default channel "${channel.name}" has no version in the range ${formatBounds(bounds)}`,
    hint: adviceFor(work, wanted, channels),
  });
}

function adviceFor(
  { versions }: PackageWork,
  { bounds, channel }: ChannelOutcome['wanted'],
  channels: readonly ChannelOutcome[],
): string {
  const hidden =
    bounds === undefined ? undefined : findHiddenPrereleases(bounds, [channel], versions);
  if (hidden !== undefined) return describeHidden(hidden);
  const own = channel.entries.flatMap(({ name }) => versions.get(name) ?? []);
  const has = `The channel has ${describeVersions(own)}.`;
  const [other] = channels.filter(({ names }) => names.size > 0);
  if (other === undefined) return has;
  return `${has} Write defaultChannel: ${other.wanted.channel.name}, which has ${listNames(other.names)}.`;
}
