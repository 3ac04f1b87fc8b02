import { ControllerError } from '../../base/controller-error.ts';
import { formatPosition } from '../../base/entry-position.ts';
import { formatProblem } from '../../base/field-problem.ts';
import type { ImageSetDocument } from '../../imageset/image-set-document.ts';
import type { EntryFailure } from '../../lock/entry-failure.ts';
import type { WantingEntry } from '../../lock/wanted-image.ts';
import { type Destination, type Place, formatPlace } from '../../oci/destination.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { parseReference } from '../../oci/reference.ts';
import { saveGraphImage } from '../../release/graph-image/save-graph-image.ts';
import { lookUpBase } from '../../release/graph-image/look-up-base.ts';
import { placeGraphImage } from '../../release/release-places.ts';
import { type Ends, lookUpDigest, sourceOf } from '../../reconcile/ends.ts';
import { findReleases } from '../../resolve/releases/find-releases.ts';
import type { FoundRelease } from '../../resolve/releases/found-release.ts';
import { platformRequests } from '../../resolve/releases/release-requests.ts';
import type { PlatformRequest } from '../../resolve/releases/release-request.ts';
import type { MirrorLog } from './mirror-log.ts';
import type { MirrorReleases } from './open-mirror-releases.ts';
import type { Workspace } from './workspace.ts';

export interface CollectedReleases {
  readonly releases: readonly FoundRelease[];
  /** The graph image, where one is asked for. */
  readonly graph?: CollectedGraph;
  /** Why nothing may be copied, one text for each cause. */
  readonly problems: readonly string[];
}

export interface CollectedGraph {
  readonly place: Place;
  /** What it is called, with its transport (spec, releases-helm, 4.2). */
  readonly origin: string;
  readonly entries: readonly WantingEntry[];
  /** Absent in a dry-run. */
  readonly image?: { readonly digest: Digest; readonly from: ImageSource };
}

export interface CollectReleasesOptions {
  readonly destination: Destination;
  readonly ends: Ends;
  readonly releases: MirrorReleases;
  readonly cwd: string;
  /** Most payloads read at a time. */
  readonly parallel: number;
  readonly log: MirrorLog;
  readonly workspace: Workspace;
  /** Nothing is built. */
  readonly dryRun: boolean;
  /** Payloads that an image set names itself need no signature. */
  readonly ignoreSignatures: boolean;
}

/** The graph image as an OCI layout (spec, releases-helm, 2.6). */
const PREPARED = 'graph-preparation';
const PLATFORMS_WARNING =
  'Platform filtering with the Platforms field requires a registry with manifest list blob check disabled (e.g. validation.manifests.indexes.platforms: none). Ensure your target registry supports sparse manifest lists.';

/** Finds the releases of a configuration. One that fails stops everything, but all causes are found (spec, releases-helm, Q1.1). */
export async function collectReleases(
  documents: readonly ImageSetDocument[],
  options: CollectReleasesOptions,
  signal: AbortSignal,
): Promise<CollectedReleases> {
  const requests = platformRequests(documents);
  if (requests.length === 0) return { releases: [], problems: [] };
  const { log, destination } = options;
  log.info('🔍 collecting release images...');
  if (requests.some(({ platforms }) => platforms !== undefined)) log.warn(PLATFORMS_WARNING);
  const found = await findReleases(requests, toolsOf(options), destination, signal);
  for (const warning of found.warnings) log.warn(formatProblem(warning));
  report(found.releases, log);
  const problems = [
    ...(found.releases.length === 0 && requests.some(asksForReleases)
      ? ['no release images found']
      : []),
    ...found.failures.map(problemText),
  ];
  if (problems.length > 0) return { releases: found.releases, problems };
  if (found.graph.length === 0) return { releases: found.releases, problems };
  try {
    const graph = await collectGraph(found.graph, options, signal);
    return { releases: found.releases, graph, problems };
  } catch (error) {
    if (!(error instanceof ControllerError) || signal.aborted) throw error;
    const failure = { entries: found.graph, wanted: 'the graph image', error };
    return { releases: found.releases, problems: [problemText(failure)] };
  }
}

function toolsOf({
  ends,
  releases,
  cwd,
  parallel,
  ignoreSignatures,
}: CollectReleasesOptions): Parameters<typeof findReleases>[1] {
  return {
    graphs: releases.openGraphs('now'),
    signatures: releases.signatures,
    readPayload: (reference, digest, signal) =>
      releases.readPayload(sourceOf(ends, reference, cwd), digest, signal),
    lookUpDigest: (reference, signal) => lookUpDigest(ends, reference, cwd, signal),
    mayBeUnsigned: (digest, { isPinned }) =>
      (isPinned && ignoreSignatures) || releases.unsigned.has(digest),
    parallel,
  };
}

function asksForReleases({ channels, pinned }: PlatformRequest): boolean {
  return channels.length > 0 || pinned !== undefined;
}

function report(releases: readonly FoundRelease[], log: MirrorLog): void {
  for (const { requests } of releases) {
    for (const { name, place } of requests) {
      const key = /-kube-virt-container(?:-(\w+))?$/.exec(place.tag);
      if (key === null) continue;
      log.info(
        `kubeVirtContainer set to true [ including : ${name} (arch: ${key[1] ?? 'x86_64'}) ]`,
      );
    }
    const payload = requests.at(-1);
    if (payload !== undefined) log.info(`Success collecting release ${payload.name}`);
  }
}

/**
 * The graph image: built of today's data, or the one that lies in the workspace (spec, releases-helm, 4.1 and 4.3).
 * @throws ControllerError DOWNLOAD_FAILED, GRAPH_DATA_INVALID, and those of the base's source
 */
async function collectGraph(
  entries: readonly WantingEntry[],
  options: CollectReleasesOptions,
  signal: AbortSignal,
): Promise<CollectedGraph> {
  const { ends, cwd, destination, workspace, dryRun } = options;
  const place = placeGraphImage(destination);
  if (options.releases.keptGraphImage) {
    const image = await keptImage(workspace, ends, signal);
    const origin = `oci://${workspace.shown(PREPARED)}`;
    return { place, entries, origin, ...(dryRun ? {} : { image }) };
  }
  const origin = `docker://${formatPlace(place)}`;
  if (dryRun) return { place, entries, origin };
  options.log.info('🔨 building the graph image...');
  const { graphImage } = options.releases;
  const data = await graphImage.fetchData('now', signal);
  const base = parseReference(graphImage.base);
  const digest = base.digest ?? (await lookUpBase(() => lookUpDigest(ends, base, cwd, signal)));
  const built = await graphImage.build({ source: sourceOf(ends, base, cwd), digest }, data, signal);
  // Where the workspace is carried to, the base image may be out of reach.
  const folder = workspace.path(PREPARED);
  await saveGraphImage(built, folder, signal);
  const image = { digest: built.digest, from: ends.openLayout(folder, undefined) };
  return { place, entries, origin, image };
}

async function keptImage(
  workspace: Workspace,
  ends: Ends,
  signal: AbortSignal,
): Promise<{ readonly digest: Digest; readonly from: ImageSource }> {
  const directory = workspace.path(PREPARED);
  try {
    const reference = { kind: 'layout', directory } as const;
    const digest = await lookUpDigest(ends, reference, undefined, signal);
    return { digest, from: ends.openLayout(directory, undefined) };
  } catch (error) {
    if (!(error instanceof ControllerError) || signal.aborted) throw error;
    throw new ControllerError(
      error.code,
      `no graph image in ${workspace.shown(PREPARED)}: ${error.message}`,
      {
        remedy: 'wait-for-change',
        hint: 'With UPDATE_URL_OVERRIDE none is built. Put one there as an OCI layout, or set GRAPH_DATA_URL_OVERRIDE to where the graph data are.',
        cause: error,
      },
    );
  }
}

function problemText({ entries, wanted, error }: EntryFailure): string {
  const [first] = entries;
  const where = first === undefined ? '' : `${formatPosition(first.position)}: `;
  const hint = error.hint === undefined || error.hint === '' ? '' : ` (${error.hint})`;
  // What a channel lacks begins with its name.
  const what = error.message.startsWith(wanted) ? '' : `${wanted}: `;
  return `${where}${what}${error.message}${hint}`;
}
