import type { SemVer } from 'semver';
import { ControllerError } from '../../base/controller-error.ts';
import type { Channel, Release, Update } from './channel.ts';
import { describeChannel, listOf } from './describe-channel.ts';
import { findPath, reachedFrom } from './find-path.ts';
import type { ChannelRequest } from './release-selection.ts';
import { parseReleaseVersion } from './release-version.ts';

/** What one channel chooses by itself. */
export interface ChannelChoice {
  /** Ascending, at least one. */
  readonly releases: readonly [Release, ...Release[]];
  /** Updates of its path that are recommended only under conditions. */
  readonly conditional: readonly Update[];
}

/**
 * The releases in the range, or those of the shortest path between its ends (spec, releases-helm, 1.5 and 1.6). The
 * bounds of a range need not exist, the ends of a path do.
 * @throws ControllerError RELEASE_SELECTION
 */
export function selectInChannel(request: ChannelRequest, channel: Channel): ChannelChoice {
  const { releases } = channel;
  const first = releases[0];
  const head = releases.at(-1);
  if (first === undefined || head === undefined) throw unknownChannel(request);
  const minVersion = readBound(request, 'minVersion');
  const maxVersion = readBound(request, 'maxVersion');
  const headOnly = minVersion === undefined && maxVersion === undefined && !request.full;
  if (headOnly) return { releases: [head], conditional: [] };

  if (request.shortestPath) {
    const start = minVersion === undefined ? first : endOf(channel, minVersion);
    const target = maxVersion === undefined ? head : endOf(channel, maxVersion);
    return selectPath(request, channel, start, target);
  }
  const chosen = releases.filter(
    ({ version }) =>
      (minVersion === undefined || version.compare(minVersion) >= 0) &&
      (maxVersion === undefined || version.compare(maxVersion) <= 0),
  );
  const [lowest, ...rest] = chosen;
  if (lowest !== undefined) return { releases: [lowest, ...rest], conditional: [] };
  throw emptyRange(channel, minVersion ?? first.version, maxVersion ?? head.version);
}

function selectPath(
  { allowNotRecommended }: ChannelRequest,
  channel: Channel,
  start: Release,
  target: Release,
): ChannelChoice {
  const path = findPath(channel, start, target, { allowNotRecommended });
  if (path === undefined) throw noPath(channel, start, target, allowNotRecommended);
  const [lowest = start, ...rest] = path.releases.toSorted((a, b) => a.position - b.position);
  return { releases: [lowest, ...rest], conditional: path.conditional };
}

function readBound(
  request: ChannelRequest,
  field: 'minVersion' | 'maxVersion',
): SemVer | undefined {
  const text = request[field];
  if (text === undefined) return undefined;
  const version = parseReleaseVersion(text);
  if (version !== undefined) return version;
  throw failure(
    `${request.name}: ${field} ${JSON.stringify(text.slice(0, 100))} is no version of a release`,
    'Write all three numbers, like 4.18.9.',
  );
}

function endOf(channel: Channel, version: SemVer): Release {
  const release = channel.find(version.raw);
  if (release !== undefined) return release;
  throw failure(
    `${channel.name} does not have ${version.raw}, which the shortest path should begin or end with; ${describeChannel(channel, version)}`,
    'Choose versions that the channel has, or leave shortestPath out: the bounds of a range need not exist.',
  );
}

function unknownChannel({ name, type }: ChannelRequest): ControllerError {
  return failure(
    `${name} has no releases`,
    type === 'okd'
      ? 'Check the name of the channel; those of OKD are like stable-scos.'
      : 'Check the name of the channel and the architecture: "imageset list releases --channels --version X.Y" shows the channels of a version.',
  );
}

function emptyRange(channel: Channel, min: SemVer, max: SemVer): ControllerError {
  const what =
    min.compare(max) > 0
      ? `${channel.name}: no release is from ${min.raw} to ${max.raw}, which is lower`
      : `${channel.name}: no release is from ${min.raw} to ${max.raw}`;
  const hint = 'Choose bounds with a release between them.';
  return failure(`${what}; ${describeChannel(channel, min)}`, hint);
}

function noPath(
  channel: Channel,
  start: Release,
  target: Release,
  allowNotRecommended: boolean,
): ControllerError {
  const [from, to] = [start.node.version, target.node.version];
  const reached = reachedFrom(channel, start);
  const hasConditional =
    !allowNotRecommended &&
    findPath(channel, start, target, { allowNotRecommended: true }) !== undefined;
  return failure(
    `${channel.name}: no recommended updates lead from ${from} to ${to}; from ${from} they lead to ${listOf(reached.toReversed())}`,
    hasConditional
      ? 'There is a path of updates that are recommended only under conditions: write allowNotRecommended: true to let them count.'
      : 'Choose other versions, or leave shortestPath out to mirror every release between them.',
  );
}

function failure(message: string, hint: string): ControllerError {
  return new ControllerError('RELEASE_SELECTION', message, { remedy: 'wait-for-change', hint });
}
