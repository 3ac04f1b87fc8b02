import { compareText } from '../../base/compare-text.ts';
import { ControllerError } from '../../base/controller-error.ts';
import { type Channel, type Release, type Update, makeChannel } from './channel.ts';
import type {
  ChannelFailure,
  ChannelRequest,
  ChannelWarning,
  ReleaseSelection,
  SelectedRelease,
} from './release-selection.ts';
import { compareReleases, parseReleaseVersion } from './release-version.ts';
import { selectInChannel } from './select-in-channel.ts';
import type { ReleaseType, UpdateGraph } from './update-graph.ts';
import { type Chosen, type Ends, findEnds, findWayAcross } from './way-across.ts';

type ReadGraph = (channel: {
  readonly name: string;
  readonly type: ReleaseType;
}) => Promise<UpdateGraph>;

/**
 * What the channels of one image set choose on one architecture: each by itself (spec, releases-helm, 1.5 and 1.6) and, of
 * several channels of OpenShift, the way across them (1.7). A channel that fails does not hold the others up. The same
 * for any order of the channels.
 * @param read the graph of any channel; one that is unknown has no nodes. Called once for each.
 * @throws what `read` throws, if it is no ControllerError or says ABORTED
 */
export async function selectReleases(
  channels: readonly ChannelRequest[],
  read: ReadGraph,
): Promise<ReleaseSelection> {
  const readChannel = createChannelReader(read);
  const found = createFound();
  const failures: ChannelFailure[] = [];
  const warnings = new Map<string, ChannelWarning>();

  function warn(warning: ChannelWarning): void {
    warnings.set(`${warning.channels.join(' ')} ${warning.message}`, warning);
  }
  async function collecting<T>(
    names: readonly string[],
    work: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ControllerError) || error.code === 'ABORTED') throw error;
      failures.push({ channels: names, error });
      return undefined;
    }
  }
  async function choose(request: ChannelRequest): Promise<Chosen | undefined> {
    return await collecting([request.name], async () => {
      const channel = await readChannel(request);
      const { releases, conditional } = selectInChannel(request, channel);
      const names = [request.name];
      for (const release of releases) found.add(release, request.type, names);
      for (const update of conditional) warn(conditionalWarning(channel, update, names));
      const [lowest] = releases;
      return { request, channel, lowest, highest: releases.at(-1) ?? lowest };
    });
  }
  async function goAcross(ends: Ends): Promise<void> {
    const { start, target } = ends;
    const names = [...new Set([start.request.name, target.request.name])].sort(compareText);
    await collecting(names, async () => {
      const way = await findWayAcross(
        ends,
        (name) => readChannel({ name, type: 'ocp' }),
        (name) => allows(channels, name, ends),
      );
      // A way that does not arrive is the business of the channel that it starts in.
      const choosing = way.blocked === undefined ? names : [start.request.name];
      for (const release of way.releases) found.add(release, 'ocp', choosing);
      for (const { channel, update } of way.conditional)
        warn(conditionalWarning(channel, update, names));
      if (way.blocked !== undefined) warn(blockedWarning(ends, way.blocked, names));
    });
  }

  for (const request of channels) {
    const warning = eusWarning(request);
    if (warning !== undefined) warn(warning);
  }
  const chosen = (await Promise.all(channels.map(choose))).filter((one) => one !== undefined);
  const ends = findEnds(chosen.filter(({ request }) => request.type === 'ocp'));
  if (ends !== undefined) await goAcross(ends);
  return {
    releases: found.sorted(),
    failures: failures.sort((a, b) => compareText(a.channels.join(' '), b.channels.join(' '))),
    warnings: [...warnings].sort(([a], [b]) => compareText(a, b)).map(([, warning]) => warning),
  };
}

function createChannelReader(
  read: ReadGraph,
): (channel: Pick<Channel, 'name' | 'type'>) => Promise<Channel> {
  const byKey = new Map<string, Promise<Channel>>();
  return ({ name, type }) => {
    const key = `${type} ${name}`;
    const channel =
      byKey.get(key) ?? read({ name, type }).then((graph) => makeChannel({ name, type }, graph));
    byKey.set(key, channel);
    return channel;
  };
}

/** Releases by payload, with all channels that chose them. */
function createFound(): {
  add(release: Release, type: ReleaseType, channels: readonly string[]): void;
  sorted(): SelectedRelease[];
} {
  const byPayload = new Map<string, SelectedRelease & { readonly order: Release }>();
  return {
    add(release, type, channels) {
      const { version, payload } = release.node;
      const key = `${type} ${payload}`;
      const known = byPayload.get(key);
      const all = [...new Set([...(known?.channels ?? []), ...channels])].sort(compareText);
      // One payload under two versions is the lower one, whoever came first.
      const isLower = known === undefined || inOrder(release, known.order) < 0;
      byPayload.set(
        key,
        isLower
          ? { version, payload, type, channels: all, order: release }
          : { ...known, channels: all },
      );
    },
    sorted: () =>
      [...byPayload.values()]
        .sort(
          (a, b) =>
            compareText(a.type, b.type) ||
            inOrder(a.order, b.order) ||
            compareText(a.payload, b.payload),
        )
        .map(({ version, payload, type, channels }) => ({ version, payload, type, channels })),
  };
}

function inOrder(a: Release, b: Release): number {
  return compareReleases(a.version, b.version);
}

/** A channel that nobody listed lets conditional updates count if both ends of the way do. */
function allows(
  channels: readonly ChannelRequest[],
  name: string,
  { start, target }: Ends,
): boolean {
  const own = channels.find((request) => request.type === 'ocp' && request.name === name);
  return own === undefined
    ? start.request.allowNotRecommended && target.request.allowNotRecommended
    : own.allowNotRecommended;
}

function conditionalWarning(
  { name, releases }: Channel,
  { from, to, risks = [] }: Update,
  channels: readonly string[],
): ChannelWarning {
  const [before, after] = [from, to].map((position) => releases[position]?.node.version ?? '');
  const named = risks.length === 0 ? 'unnamed' : [...new Set(risks)].slice(0, 20).join(', ');
  return {
    channels,
    message: `${name}: the update from ${before ?? ''} to ${after ?? ''} is recommended only to clusters without the risks ${named}`,
    hint: 'It counts because of allowNotRecommended; look at the risks before a cluster takes it.',
  };
}

function blockedWarning(
  { start, target }: Ends,
  why: string,
  channels: readonly string[],
): ChannelWarning {
  const [from, to] = [start.lowest.node.version, target.highest.node.version];
  return {
    channels,
    message: `no upgrade path from ${from} (${start.request.name}) to ${to} (${target.request.name}): ${why}`,
    hint: 'What the channels choose by themselves is mirrored. If clusters have to go this way, choose versions that the next channel knows.',
  };
}

/** Control planes may skip a minor version, workers pause there: people have to look at the graph themselves (spec, releases-helm, 1.7). */
function eusWarning({ name, minVersion, maxVersion }: ChannelRequest): ChannelWarning | undefined {
  if (!name.includes('eus') || minVersion === undefined || maxVersion === undefined)
    return undefined;
  const min = parseReleaseVersion(minVersion);
  const max = parseReleaseVersion(maxVersion);
  if (min === undefined || max === undefined || max.minor - min.minor < 2) return undefined;
  return {
    channels: [name],
    message: `${name}: from ${minVersion} to ${maxVersion} is a step of more than one minor version`,
    hint: 'Look up the update path of extended update support (EUS) at https://access.redhat.com/labs/ocpupgradegraph/update_path, and check that the releases on it are mirrored.',
  };
}
