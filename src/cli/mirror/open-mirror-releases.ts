import { resolve } from 'node:path';
import type { ControllerError } from '../../base/controller-error.ts';
import type { Log } from '../../base/log.ts';
import type { RetrySettings } from '../../registry/end-settings.ts';
import type { ReleaseSources } from '../../release/release-sources.ts';
import {
  type KeyRing,
  okdKeysMissing,
  readOverridingKeyRing,
} from '../../release/signature/key-ring.ts';
import { openWebClient } from '../../web/open-web-client.ts';
import { type ReleaseEnd, type ReleaseEnds, openReleaseSources } from '../open-release-sources.ts';
import type { MirrorLines } from './mirror-log.ts';
import type { Workspace } from './workspace.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const GRAPH_URL = 'UPDATE_URL_OVERRIDE';
const SIGNATURE_URL = 'OCP_SIGNATURE_URL';
const KEYS = 'OCP_SIGNATURE_VERIFICATION_PK';
/** Ours: the reference tool builds the graph image of the public graph data, or not at all. */
const GRAPH_DATA_URL = 'GRAPH_DATA_URL_OVERRIDE';
const GRAPH_BASE = 'GRAPH_BASE_OVERRIDE';

/** Where releases come from; to be disposed. */
export interface MirrorReleases extends ReleaseSources, AsyncDisposable {
  /** The graph image is not built, but taken from the workspace. */
  readonly keptGraphImage: boolean;
}

export interface MirrorReleasesOptions {
  readonly environment: Environment;
  readonly workspace: Workspace;
  /** Where relative names of files count from. */
  readonly cwd: string;
  readonly now: () => Date;
  readonly log: MirrorLines;
  /** What retries are written to. */
  readonly registryLog: Log;
  readonly retry: RetrySettings;
}

/**
 * Where releases come from as the environment says (spec, config-and-outputs, 8.5); to be disposed.
 * @throws ControllerError SETTINGS_INVALID for what is no URL.
 */
export function openMirrorReleases(options: MirrorReleasesOptions): MirrorReleases {
  const { environment, workspace, now, registryLog, retry } = options;
  const web = openWebClient({ environment, log: registryLog, retry });
  const sources = openReleaseSources(
    releaseEnds(options),
    {
      graphs: workspace.path('hold-release', 'cincinnati-graph-data'),
      keepGraphsAs: 'as-reference-tool',
      signatures: workspace.path('signatures'),
      payloads: workspace.path('hold-release'),
      graphImage: workspace.path('hold-release', 'graph-image'),
    },
    { web, now },
  );
  return {
    ...sources,
    keptGraphImage: takesKeptGraphImage(environment),
    // A workspace is its user's: nothing in it is removed.
    tidy: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => web[Symbol.asyncDispose](),
  };
}

/**
 * The store and the keys of signatures are overridden for OpenShift and OKD alike, the update service for OpenShift
 * alone.
 */
function releaseEnds({
  environment,
  cwd,
  log,
}: Pick<MirrorReleasesOptions, 'environment' | 'cwd' | 'log'>): ReleaseEnds {
  const graphUrl = valueOf(environment, GRAPH_URL);
  if (graphUrl !== undefined) log.info(`Using the ${GRAPH_URL} environment variable`);
  const signatureUrl = signatureUrlOf(environment, log);
  const keysFile = valueOf(environment, KEYS);
  const names = { graphUrl: GRAPH_URL, signatureUrl: SIGNATURE_URL, keys: KEYS };
  let reading: Promise<KeyRing | ControllerError> | undefined;
  const readKeys = (): Promise<KeyRing | ControllerError> =>
    (reading ??= readAndWarn(keysFile && resolve(cwd, keysFile), log));
  const ocp: ReleaseEnd = { graphUrl, signatureUrl, readKeys, hasKeys: true, names };
  const okd: ReleaseEnd = {
    ...{ signatureUrl, names },
    hasKeys: keysFile !== undefined,
    readKeys: keysFile === undefined ? () => Promise.resolve(okdKeysMissing(KEYS)) : readKeys,
  };
  return {
    ends: { ocp, okd },
    unsigned: new Set(),
    graphDataUrl: valueOf(environment, GRAPH_DATA_URL),
    graphDataName: GRAPH_DATA_URL,
    graphBase: valueOf(environment, GRAPH_BASE),
  };
}

/**
 * Whether the graph image comes from the workspace: behind an update service of one's own nothing is downloaded and built
 * (spec, releases-helm, 4.3), unless the graph data are overridden as well.
 */
export function takesKeptGraphImage(environment: Environment): boolean {
  const isOwn = valueOf(environment, GRAPH_URL) !== undefined;
  return isOwn && valueOf(environment, GRAPH_DATA_URL) === undefined;
}

/** A text that is no URL counts for nothing, as there (spec, releases-helm, 3.4). */
function signatureUrlOf(environment: Environment, log: MirrorLines): string | undefined {
  const text = valueOf(environment, SIGNATURE_URL);
  if (text === undefined || /^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text;
  log.error(`${SIGNATURE_URL} is not the URL of a web server: the public store is asked`);
  return undefined;
}

async function readAndWarn(
  file: string | undefined,
  log: MirrorLines,
): Promise<KeyRing | ControllerError> {
  const { ring, warning } = await readOverridingKeyRing(file);
  if (warning !== undefined) log.warn(`${KEYS}: ${warning}`);
  return ring;
}

function valueOf(environment: Environment, name: string): string | undefined {
  const text = environment[name];
  return text === undefined || text === '' ? undefined : text;
}
