import type { FieldPath } from '../../base/field-path.ts';
import type { ChannelOutcome } from './select-in-channels.ts';
import type { VersionBounds } from './version-range.ts';

/** The channels that one range of the selection is for: one channel, or all of a package. */
export interface RangeGroup {
  /** The entry with the bounds. */
  readonly path: FieldPath;
  readonly bounds: VersionBounds;
  readonly outcomes: readonly ChannelOutcome[];
}

/** Channels without bounds are left out. */
export function groupByRange(outcomes: readonly ChannelOutcome[]): readonly RangeGroup[] {
  const groups = new Map<
    string,
    { path: FieldPath; bounds: VersionBounds; outcomes: ChannelOutcome[] }
  >();
  for (const outcome of outcomes) {
    const { path, bounds } = outcome.wanted;
    if (bounds === undefined) continue;
    const key = JSON.stringify(path);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { path, bounds, outcomes: [outcome] });
    else group.outcomes.push(outcome);
  }
  return [...groups.values()];
}
