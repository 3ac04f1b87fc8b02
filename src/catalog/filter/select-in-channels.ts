import type { FieldPath } from '../../base/field-path.ts';
import type { BundleVersion } from '../validate/bundle-version.ts';
import { findPinned } from './choose-pinned.ts';
import type { PackageRequest, PackageWork, WantedChannel } from './package-request.ts';
import { type EntryWish, selectEntries } from './select-entries.ts';
import { type VersionBounds, isPin } from './version-range.ts';
import { describeVersions } from './version-span.ts';

/** A wanted channel and what is kept of it. */
export interface ChannelOutcome {
  readonly wanted: WantedChannel;
  /** None: the channel is empty. */
  readonly names: ReadonlySet<string>;
  /** Those of them that are not in the range. */
  readonly outOfRange: readonly string[];
}

/** The entries of every wanted channel; one that cannot be read is reported and left out (3.3, step 4). */
export function selectInChannels(
  work: PackageWork,
  wanted: readonly WantedChannel[],
): readonly ChannelOutcome[] {
  const missingPins = new Set(wanted.filter((one) => isMissingPin(one, work.versions)));
  reportMissingPins(work, missingPins);
  return wanted.flatMap((one): readonly ChannelOutcome[] => {
    if (missingPins.has(one)) return [];
    const wish = wishFor(work.request, one.bounds);
    const selected = selectEntries(one.channel, wish, work.versions);
    if (selected.kind === 'kept') {
      return [{ wanted: one, names: selected.names, outOfRange: selected.outOfRange }];
    }
    const where = `package "${work.source.name}", channel "${one.channel.name}"`;
    const isChoice = wish.kind === 'bundles';
    work.problems.push({
      path: isChoice ? ['bundles'] : one.path,
      message: isChoice
        ? `${where}: the selected bundles alone make no channel: ${selected.reason}`
        : `${where}: ${selected.reason}`,
      hint: adviceFor(work.request, isChoice),
    });
    return [];
  });
}

/** The field of a bound, for findings about it. */
export function pathOfBounds(path: FieldPath, bounds: VersionBounds): FieldPath {
  return [...path, bounds.minVersion === undefined ? 'maxVersion' : 'minVersion'];
}

function wishFor({ full, entry }: PackageRequest, bounds: VersionBounds | undefined): EntryWish {
  if (full) return { kind: 'all' };
  const bundles = entry?.bundles ?? [];
  if (bundles.length > 0) {
    return { kind: 'bundles', names: new Set(bundles.map(({ name }) => name)) };
  }
  return bounds === undefined ? { kind: 'head' } : { kind: 'range', bounds };
}

function adviceFor({ entry }: PackageRequest, isChoice: boolean): string {
  if (isChoice) {
    return 'Select bundles of which each but one is replaced or skipped by another, or a range of versions.';
  }
  const way =
    entry === undefined
      ? 'list the packages that you need, without this one'
      : 'select other channels of the package';
  return `The catalog itself is broken here: ${way}, or ask its publisher.`;
}

function isMissingPin(
  { bounds }: WantedChannel,
  versions: ReadonlyMap<string, BundleVersion>,
): boolean {
  if (bounds?.minVersion === undefined || !isPin(bounds)) return false;
  return findPinned(bounds.minVersion, versions).length === 0;
}

/** A pin of the package counts once, for however many channels it is. */
function reportMissingPins(
  { source, versions, problems }: PackageWork,
  missing: ReadonlySet<WantedChannel>,
): void {
  const byField = new Map([...missing].map((one) => [JSON.stringify(one.path), one]));
  for (const { path, bounds = {} } of byField.values()) {
    problems.push({
      path: pathOfBounds(path, bounds),
      message: `package "${source.name}": no bundle has the version ${bounds.minVersion ?? ''}`,
      hint: `It has ${describeVersions(versions.values())}.`,
    });
  }
}
