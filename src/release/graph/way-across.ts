import { compareText } from '../../base/compare-text.ts';
import type { Channel, Release, Update } from './channel.ts';
import { findPath } from './find-path.ts';
import type { ChannelRequest } from './release-selection.ts';
import { compareReleases } from './release-version.ts';

/** A requested channel, and the ends of what it chose. */
export interface Chosen {
  readonly request: ChannelRequest;
  readonly channel: Channel;
  readonly lowest: Release;
  readonly highest: Release;
}

export interface Ends {
  readonly start: Chosen;
  readonly target: Chosen;
}

export interface WayAcross {
  readonly releases: readonly Release[];
  readonly conditional: readonly { readonly channel: Channel; readonly update: Update }[];
  /** Why it does not arrive. */
  readonly blocked?: string;
}

/** Longest way, in channels: a server may name releases without end. */
const MOST_CHANNELS = 200;

/**
 * Where the way across channels begins and ends: at the lowest release that any channel chose, and at the highest (spec,
 * releases-helm, 1.7). Of channels that chose the same release it is a channel that is both ends, else two of one
 * prefix, else the last by name: stable rather than fast rather than candidate. The order of the channels does not count.
 */
export function findEnds(chosen: readonly Chosen[]): Ends | undefined {
  const [first] = chosen;
  if (first === undefined || chosen.length < 2) return undefined;
  const lowest = chosen.reduce((a, b) => (compare(b.lowest, a.lowest) < 0 ? b : a), first).lowest;
  const highest = chosen.reduce(
    (a, b) => (compare(b.highest, a.highest) > 0 ? b : a),
    first,
  ).highest;
  const starts = chosen.filter((each) => compare(each.lowest, lowest) === 0);
  const targets = chosen.filter((each) => compare(each.highest, highest) === 0);
  const pairs = starts.flatMap((start) => targets.map((target) => ({ start, target })));
  return pairs.sort((a, b) => nearness(b) - nearness(a) || compareText(nameOf(b), nameOf(a)))[0];
}

function compare(a: Release, b: Release): number {
  return compareReleases(a.version, b.version);
}

function nearness({ start, target }: Ends): number {
  if (start.channel.name === target.channel.name) return 2;
  const prefix = parseName(start.channel.name)?.prefix;
  return prefix !== undefined && prefix === parseName(target.channel.name)?.prefix ? 1 : 0;
}

function nameOf({ start, target }: Ends): string {
  return `${target.channel.name} ${start.channel.name}`;
}

/**
 * The updates from the start to the target, through the channels of the minor versions between (spec, releases-helm, 1.7).
 * Where a minor version has no channel, the target's own is tried (the second half of an EUS pair), then the next
 * minor, then the next major. Nobody asked for the way, so that it ends somewhere is no failure.
 * @param read any channel; one that is unknown has no releases.
 */
export async function findWayAcross(
  { start, target }: Ends,
  read: (name: string) => Promise<Channel>,
  allows: (name: string) => boolean,
): Promise<WayAcross> {
  const releases: Release[] = [];
  const conditional: { channel: Channel; update: Update }[] = [];
  const aim = target.highest.node.version;

  /** Goes on inside a channel; why not, where that is not possible. */
  function walk(channel: Channel, from: Release, to: Release): string | undefined {
    const allowNotRecommended = allows(channel.name);
    const path = findPath(channel, from, to, { allowNotRecommended });
    if (path === undefined) {
      return `${channel.name} has no recommended updates from ${from.node.version} to ${to.node.version}`;
    }
    releases.push(...path.releases);
    conditional.push(...path.conditional.map((update) => ({ channel, update })));
    return undefined;
  }
  /** The last piece, inside the target's channel. */
  function walkToTarget(from: Release): string | undefined {
    const { channel, highest } = target;
    const known = channel.find(from.node.version);
    return known === undefined
      ? `${channel.name} does not know ${from.node.version}`
      : walk(channel, known, highest);
  }
  const ended = (blocked: string | undefined): WayAcross =>
    blocked === undefined ? { releases, conditional } : { releases, conditional, blocked };

  const from = parseName(start.channel.name);
  const to = parseName(target.channel.name);
  const isUpwards = from !== undefined && to !== undefined && compareMinors(from, to) < 0;
  if (!isUpwards) return ended(walkToTarget(start.lowest));

  let here = start.lowest;
  let channel = start.channel;
  let minor: Minor = from;
  for (let visited = 0; visited < MOST_CHANNELS; visited += 1) {
    const last = channel.releases.at(-1) ?? here;
    const blocked = walk(channel, here, last);
    if (blocked !== undefined) return ended(blocked);
    here = last;
    const next = await findNext(minor);
    if (next === undefined) return ended(walkToTarget(here));
    const known = next.channel.find(here.node.version);
    if (known === undefined)
      return ended(`${next.channel.name} does not know ${here.node.version}`);
    ({ channel, minor } = next);
    here = known;
  }
  return ended(`${aim} is more than ${MOST_CHANNELS} channels away`);

  /** The channel to go on in; undefined: the target's. */
  async function findNext(
    after: Minor,
  ): Promise<{ readonly channel: Channel; readonly minor: Minor } | undefined> {
    if (to === undefined) return undefined;
    const { major, minor: number } = after;
    const candidates = [
      { major, minor: number + 1 },
      { major, minor: number + 2 },
      { major: major + 1, minor: 0 },
    ];
    for (const candidate of candidates) {
      // What lies beyond the target is not on the way to it.
      if (compareMinors(candidate, to) >= 0) return undefined;
      const found = await read(`${from?.prefix ?? ''}-${candidate.major}.${candidate.minor}`);
      if (found.releases.length > 0) return { channel: found, minor: candidate };
      if (target.channel.find(here.node.version) !== undefined) return undefined;
    }
    return undefined;
  }
}

interface Minor {
  readonly major: number;
  readonly minor: number;
}

/** `stable-4.18` is `stable` and 4.18. */
function parseName(name: string): (Minor & { readonly prefix: string }) | undefined {
  const [, prefix, major, minor] = /^(.+)-(\d{1,6})\.(\d{1,6})$/.exec(name) ?? [];
  if (prefix === undefined) return undefined;
  return { prefix, major: Number(major), minor: Number(minor) };
}

function compareMinors(a: Minor, b: Minor): number {
  return a.major - b.major || a.minor - b.minor;
}
